import { Permission } from '@threshold/contract'
import type { APIChannel, APIDMChannel } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_CHANNEL } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const channelCases: readonly Case[] = [
  {
    id: 'rest.channels.get',
    title: '`/channels/:id` answers the channel to users who can view it',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const channel = await guild.member.api.get<APIChannel>(`/channels/${guild.textChannelId}`)
      expectIncludes(
        channel,
        { id: guild.textChannelId, type: 0, guild_id: guild.id, name: 'text' },
        'the channel',
      )
      expectFields(
        channel,
        [
          'position',
          'permission_overwrites',
          'topic',
          'nsfw',
          'parent_id',
          'last_message_id',
          'rate_limit_per_user',
        ],
        'a text channel',
      )
      expectFields(
        await guild.member.api.get(`/channels/${guild.voiceChannelId}`),
        ['bitrate', 'user_limit'],
        'a voice channel',
      )
    },
  },
  {
    id: 'rest.channels.get.dm',
    title:
      '`/channels/:id` of a direct message has type 1, the other user as recipient, and no guild',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const { id } = await ada.api.post<APIDMChannel>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      const dm = await bob.api.get<APIDMChannel & { guild_id?: string }>(`/channels/${id}`)
      expectIncludes(dm, { id, type: 1 }, 'the channel')
      expectEqual(
        dm.recipients?.map((user) => user.id),
        [ada.id],
        'its recipients',
      )
      expectEqual(dm.guild_id, undefined, 'its guild')
    },
  },
  {
    id: 'rest.channels.unknown',
    title:
      'Every route of an unknown channel answers 10003; an id that is not a snowflake is an ' +
      'invalid form',
    covers: ['errors.10003'],
    async run(fixture) {
      const { api } = await fixture.user()
      const base = `/channels/${UNKNOWN_ID}`
      for (const path of ['', '/messages', '/messages/1', '/invites', '/messages/1/reactions/👍'])
        await api.expectError(UNKNOWN_CHANNEL, 'GET', base + path)
      await api.expectError(UNKNOWN_CHANNEL, 'PATCH', base, { name: 'x' })
      await api.expectError(UNKNOWN_CHANNEL, 'DELETE', base)
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${base}/messages`, { content: 'hi' })
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${base}/typing`)
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${base}/invites`, {})
      await api.expectError(UNKNOWN_CHANNEL, 'PUT', `${base}/permissions/1`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${base}/messages/bulk-delete`, {
        messages: ['1', '2'],
      })
      for (const id of ['general', '1e3', '@me'])
        await api.expectError(invalid(), 'GET', `/channels/${id}`)
      await api.expectError(invalid(), 'GET', '/channels/general/messages')
    },
  },
  {
    id: 'rest.channels.hidden',
    title: 'A user who cannot view a channel is answered 50001, as a member and as a stranger',
    covers: ['errors.50001'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const message = await guild.send('secret', guild.owner, hidden.id)
      const base = `/channels/${hidden.id}`
      for (const { api } of [guild.member, await fixture.user('eve')]) {
        for (const path of [
          '',
          '/messages',
          `/messages/${message.id}`,
          `/messages/${message.id}/reactions/👍`,
        ])
          await api.expectError(NO_ACCESS, 'GET', base + path)
        await api.expectError(NO_ACCESS, 'POST', `${base}/messages`, { content: 'hi' })
        await api.expectError(NO_ACCESS, 'PATCH', base, { name: 'mine' })
        await api.expectError(NO_ACCESS, 'DELETE', base)
        await api.expectError(NO_ACCESS, 'DELETE', `${base}/messages/${message.id}`)
        await api.expectError(NO_ACCESS, 'PATCH', `${base}/messages/${message.id}`, {
          content: 'hi',
        })
        await api.expectError(NO_ACCESS, 'POST', `${base}/typing`)
        await api.expectError(NO_ACCESS, 'POST', `${base}/invites`, {})
        await api.expectError(NO_ACCESS, 'PUT', `${base}/messages/${message.id}/reactions/👍/@me`)
        await api.expectError(NO_ACCESS, 'PUT', `${base}/permissions/${guild.id}`, {
          type: 0,
          allow: '1024',
          deny: '0',
        })
      }
    },
  },
  {
    id: 'rest.channels.delete',
    title:
      'A user with MANAGE_CHANNELS deletes a channel; the answer is the channel, which is ' +
      'then unknown',
    covers: ['rest.route.channels', 'errors.10003'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      const { id } = await guild.send('hello')
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', path)
      expectIncludes(
        await guild.owner.api.delete(path),
        { id: guild.textChannelId, name: 'text' },
        'the deleted channel',
      )
      for (const { api } of [guild.owner, guild.member]) {
        await api.expectError(UNKNOWN_CHANNEL, 'GET', path)
        await api.expectError(UNKNOWN_CHANNEL, 'GET', `${path}/messages`)
        await api.expectError(UNKNOWN_CHANNEL, 'DELETE', `${path}/messages/${id}`)
      }
      await guild.owner.api.expectError(UNKNOWN_CHANNEL, 'DELETE', path)
      const left = await guild.owner.api.get<APIChannel[]>(`/guilds/${guild.id}/channels`)
      expectEqual(
        left.some((each) => each.id === guild.textChannelId),
        false,
        'whether the channel is still listed',
      )
    },
  },
  {
    id: 'rest.channels.delete.dm',
    title:
      'DELETE closes a direct message and keeps its history; opening it again gives the same ' +
      'channel',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const [ada, bob, eve] = [
        await fixture.user(),
        await fixture.user('bob'),
        await fixture.user('eve'),
      ]
      const open = (): Promise<APIDMChannel> =>
        ada.api.post('/users/@me/channels', { recipient_id: bob.id })
      const dm = await open()
      await ada.api.post(`/channels/${dm.id}/messages`, { content: 'before' })
      await eve.api.expectError(NO_ACCESS, 'DELETE', `/channels/${dm.id}`)
      const closed = await ada.api.request('DELETE', `/channels/${dm.id}`)
      expectEqual(closed.status, 200, 'status')
      expectIncludes(closed.body, { id: dm.id, type: 1, recipients: dm.recipients }, 'the channel')
      expectEqual((await open()).id, dm.id, 'opened again')
      const [kept] = await bob.api.get<{ content: string }[]>(`/channels/${dm.id}/messages`)
      expectEqual(kept?.content, 'before', 'the contents')
    },
  },
  {
    id: 'rest.channels.delete.category',
    title: 'Deleting a category leaves its channels without a parent',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const category = await guild.createChannel({ type: 4 })
      const child = await guild.createChannel({ parent_id: category.id })
      await guild.owner.api.delete(`/channels/${category.id}`)
      expectIncludes(
        await guild.owner.api.get(`/channels/${child.id}`),
        { parent_id: null },
        'the child',
      )
    },
  },
  {
    id: 'rest.typing',
    title: '`POST /channels/:id/typing` needs SEND_MESSAGES',
    covers: ['rest.route.typing-and-invites', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.member.api.expectNoContent('POST', `/channels/${guild.textChannelId}/typing`)
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: Permission.SendMessages })
      await guild.member.api.expectError(
        NO_PERMISSION,
        'POST',
        `/channels/${guild.textChannelId}/typing`,
      )
      await guild.owner.api.expectNoContent('POST', `/channels/${guild.textChannelId}/typing`)
    },
  },
]

import { Permission } from '@threshold/contract'
import type { APIChannel, APIDMChannel } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_CHANNEL } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes } from '../../expect.ts'

const NOWHERE = '1000000000000000'

export const channelCases: readonly Case[] = [
  {
    id: 'rest.channels.get',
    title: '`/channels/:id` is a channel, to those who can view it',
    async run(fixture) {
      const guild = await fixture.guild()
      const channel = await guild.member.api.get<APIChannel>(`/channels/${guild.textId}`)
      expectIncludes(
        channel,
        { id: guild.textId, type: 0, guild_id: guild.id, name: 'text' },
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
        await guild.member.api.get(`/channels/${guild.voiceId}`),
        ['bitrate', 'user_limit'],
        'a voice channel',
      )
    },
  },
  {
    id: 'rest.channels.get.dm',
    title:
      '`/channels/:id` of a direct message has type 1, the other as its recipient, and no guild',
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
      'An unknown channel is 10003, whatever is asked of it; an id that is none is an invalid form',
    async run(fixture) {
      const { api } = await fixture.user()
      const at = `/channels/${NOWHERE}`
      for (const path of ['', '/messages', '/messages/1', '/invites', '/messages/1/reactions/👍'])
        await api.expectError(UNKNOWN_CHANNEL, 'GET', at + path)
      await api.expectError(UNKNOWN_CHANNEL, 'PATCH', at, { name: 'x' })
      await api.expectError(UNKNOWN_CHANNEL, 'DELETE', at)
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${at}/messages`, { content: 'hi' })
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${at}/typing`)
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${at}/invites`, {})
      await api.expectError(UNKNOWN_CHANNEL, 'PUT', `${at}/permissions/1`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await api.expectError(UNKNOWN_CHANNEL, 'POST', `${at}/messages/bulk-delete`, {
        messages: ['1', '2'],
      })
      for (const id of ['general', '1e3', '@me'])
        await api.expectError(invalid(), 'GET', `/channels/${id}`)
      await api.expectError(invalid(), 'GET', '/channels/general/messages')
    },
  },
  {
    id: 'rest.channels.hidden',
    title: 'Who cannot view a channel has no access to it (50001), whether in the guild or not',
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const message = await guild.send('secret', guild.owner, hidden.id)
      const at = `/channels/${hidden.id}`
      for (const { api } of [guild.member, await fixture.user('eve')]) {
        for (const path of [
          '',
          '/messages',
          `/messages/${message.id}`,
          `/messages/${message.id}/reactions/👍`,
        ])
          await api.expectError(NO_ACCESS, 'GET', at + path)
        await api.expectError(NO_ACCESS, 'POST', `${at}/messages`, { content: 'hi' })
        await api.expectError(NO_ACCESS, 'PATCH', at, { name: 'mine' })
        await api.expectError(NO_ACCESS, 'DELETE', at)
        await api.expectError(NO_ACCESS, 'DELETE', `${at}/messages/${message.id}`)
        await api.expectError(NO_ACCESS, 'PATCH', `${at}/messages/${message.id}`, { content: 'hi' })
        await api.expectError(NO_ACCESS, 'POST', `${at}/typing`)
        await api.expectError(NO_ACCESS, 'POST', `${at}/invites`, {})
        await api.expectError(NO_ACCESS, 'PUT', `${at}/messages/${message.id}/reactions/👍/@me`)
        await api.expectError(NO_ACCESS, 'PUT', `${at}/permissions/${guild.id}`, {
          type: 0,
          allow: '1024',
          deny: '0',
        })
      }
    },
  },
  {
    id: 'rest.channels.edit',
    title: 'Whoever may manage a channel edits it, and only what the form names changes',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}`
      const category = await guild.createChannel({ type: 4 })
      const change = {
        name: 'renamed',
        topic: 'what for',
        nsfw: true,
        rate_limit_per_user: 5,
        position: 2,
        parent_id: category.id,
      }
      expectIncludes(
        await guild.owner.api.patch(path, change),
        { id: guild.textId, ...change },
        'the answer',
      )
      expectIncludes(
        await guild.owner.api.patch(path, { topic: null, parent_id: null }),
        { ...change, topic: null, parent_id: null },
        'taken away',
      )
      expectIncludes(
        await guild.member.api.get(path),
        { ...change, topic: null, parent_id: null },
        'the channel',
      )
      expectIncludes(
        await guild.owner.api.patch(`/channels/${guild.voiceId}`, {
          bitrate: 9_000,
          user_limit: 2,
        }),
        { bitrate: 9_000, user_limit: 2 },
        'a voice channel',
      )
      await guild.setOverwrite(guild.textId, guild.member.id, 1, {
        allow: Permission.ManageChannels,
      })
      expectIncludes(
        await guild.member.api.patch(path, { name: 'by-a-member' }),
        { name: 'by-a-member' },
        'with MANAGE_CHANNELS here',
      )
    },
  },
  {
    id: 'rest.channels.edit.refused',
    title: 'Without MANAGE_CHANNELS, or with a bad form, nothing of a channel changes',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}`
      const before = await guild.owner.api.get(path)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { name: 'taken-over' })
      await guild.owner.api.expectError(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.expectError(invalid('topic'), 'PATCH', path, { name: 'half', topic: 7 })
      await guild.owner.api.expectError(invalid('rate_limit_per_user'), 'PATCH', path, {
        rate_limit_per_user: 21_601,
      })
      await guild.owner.api.expectError(invalid('parent_id'), 'PATCH', path, {
        parent_id: guild.voiceId,
      })
      await guild.owner.api.expectError(invalid('type'), 'PATCH', path, { type: 2 })
      expectEqual(await guild.owner.api.get(path), before, 'the channel')
    },
  },
  {
    id: 'rest.channels.edit.overwrites',
    title: 'A channel’s overwrites are replaced as a whole, by whoever may manage its roles',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}`
      await guild.setOverwrite(guild.textId, guild.member.id, 1, {
        allow: Permission.ManageChannels,
      })
      const hide = [{ id: guild.id, type: 0, allow: '0', deny: String(Permission.ViewChannel) }]
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, {
        permission_overwrites: hide,
      })
      expectIncludes(
        await guild.owner.api.patch(path, { permission_overwrites: hide }),
        { permission_overwrites: hide },
        'the channel',
      )
      await guild.member.api.expectError(NO_ACCESS, 'GET', path)
      await guild.owner.api.patch(path, { permission_overwrites: [] })
      await guild.member.api.get(path)
    },
  },
  {
    id: 'rest.channels.delete',
    title:
      'Whoever may manage a channel deletes it; the answer is what it was, and then it is unknown',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}`
      const { id } = await guild.send('hello')
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', path)
      expectIncludes(
        await guild.owner.api.delete(path),
        { id: guild.textId, name: 'text' },
        'the channel that was',
      )
      for (const { api } of [guild.owner, guild.member]) {
        await api.expectError(UNKNOWN_CHANNEL, 'GET', path)
        await api.expectError(UNKNOWN_CHANNEL, 'GET', `${path}/messages`)
        await api.expectError(UNKNOWN_CHANNEL, 'DELETE', `${path}/messages/${id}`)
      }
      await guild.owner.api.expectError(UNKNOWN_CHANNEL, 'DELETE', path)
      const left = await guild.owner.api.get<APIChannel[]>(`/guilds/${guild.id}/channels`)
      expectEqual(
        left.some((each) => each.id === guild.textId),
        false,
        'whether it is still listed',
      )
    },
  },
  {
    id: 'rest.channels.delete.dm',
    title:
      'A direct message is closed with the channel as the answer; it is kept, and opened again it is the same',
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
      expectEqual(kept?.content, 'before', 'what was said')
    },
  },
  {
    id: 'rest.channels.delete.category',
    title: 'A deleted category leaves its channels without a parent',
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
    id: 'rest.overwrites.put',
    title: 'An overwrite is put for a role or a member, and put again it is replaced',
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n)
      const path = `/channels/${guild.textId}/permissions`
      const overwrites = async (): Promise<unknown> =>
        (await guild.owner.api.get<{ permission_overwrites: unknown }>(`/channels/${guild.textId}`))
          .permission_overwrites
      await guild.owner.api.expectNoContent('PUT', `${path}/${role.id}`, {
        type: 0,
        allow: '2048',
        deny: '64',
      })
      expectEqual(
        await overwrites(),
        [{ id: role.id, type: 0, allow: '2048', deny: '64' }],
        'one for a role',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${role.id}`, { type: 0, deny: '2048' })
      expectEqual(
        await overwrites(),
        [{ id: role.id, type: 0, allow: '0', deny: '2048' }],
        'replaced',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${guild.member.id}`, {
        type: 1,
        allow: '2048',
      })
      expectEqual(
        ((await overwrites()) as { id: string }[]).map((each) => each.id).toSorted(),
        [role.id, guild.member.id].toSorted(),
        'one for a member, too',
      )
      await guild.owner.api.expectNoContent('DELETE', `${path}/${role.id}`)
      expectEqual(
        await overwrites(),
        [{ id: guild.member.id, type: 1, allow: '2048', deny: '0' }],
        'what is left',
      )
    },
  },
  {
    id: 'rest.overwrites.refused',
    title:
      'An overwrite needs MANAGE_ROLES, allows nothing that one may not do oneself, and has a form',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/permissions`
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: '0',
        deny: '2048',
      })
      await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const allow = String(Permission.ManageMessages)
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${guild.member.id}`, {
        type: 1,
        allow,
        deny: '0',
      })
      await guild.owner.api.expectError(invalid('type'), 'PUT', `${path}/${guild.id}`, { type: 7 })
      await guild.owner.api.expectError(invalid('allow'), 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: 'all',
      })
      await guild.owner.api.expectError(invalid(), 'PUT', `${path}/everyone`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await guild.owner.api.expectError(
        { status: 404, code: 10009 },
        'DELETE',
        `${path}/${NOWHERE}`,
      )
    },
  },
  {
    id: 'rest.typing',
    title: '`POST /channels/:id/typing` is for those who may write there',
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.member.api.expectNoContent('POST', `/channels/${guild.textId}/typing`)
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.SendMessages })
      await guild.member.api.expectError(NO_PERMISSION, 'POST', `/channels/${guild.textId}/typing`)
      await guild.owner.api.expectNoContent('POST', `/channels/${guild.textId}/typing`)
    },
  },
]

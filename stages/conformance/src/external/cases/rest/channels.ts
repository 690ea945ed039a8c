import { Permission } from '@threshold/contract'
import type { APIChannel, APIDMChannel } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { hasFields, includes, same } from '../../expect.ts'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_CHANNEL } from '../../rest.ts'

const NOWHERE = '1000000000000000'

export const channelCases: readonly Case[] = [
  {
    id: 'rest.channels.get',
    sentence: '`/channels/:id` is a channel, to those who can view it',
    async run(world) {
      const guild = await world.guild()
      const channel = await guild.member.api.get<APIChannel>(`/channels/${guild.text}`)
      includes(
        channel,
        { id: guild.text, type: 0, guild_id: guild.id, name: 'text' },
        'the channel',
      )
      hasFields(
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
      hasFields(
        await guild.member.api.get(`/channels/${guild.voice}`),
        ['bitrate', 'user_limit'],
        'a voice channel',
      )
    },
  },
  {
    id: 'rest.channels.get.dm',
    sentence:
      '`/channels/:id` of a direct message has type 1, the other as its recipient, and no guild',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const { id } = await ada.api.post<APIDMChannel>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      const dm = await bob.api.get<APIDMChannel & { guild_id?: string }>(`/channels/${id}`)
      includes(dm, { id, type: 1 }, 'the channel')
      same(
        dm.recipients?.map((user) => user.id),
        [ada.id],
        'its recipients',
      )
      same(dm.guild_id, undefined, 'its guild')
    },
  },
  {
    id: 'rest.channels.unknown',
    sentence:
      'An unknown channel is 10003, whatever is asked of it; an id that is none is an invalid form',
    async run(world) {
      const { api } = await world.user()
      const at = `/channels/${NOWHERE}`
      for (const path of ['', '/messages', '/messages/1', '/invites', '/messages/1/reactions/👍'])
        await api.refused(UNKNOWN_CHANNEL, 'GET', at + path)
      await api.refused(UNKNOWN_CHANNEL, 'PATCH', at, { name: 'x' })
      await api.refused(UNKNOWN_CHANNEL, 'DELETE', at)
      await api.refused(UNKNOWN_CHANNEL, 'POST', `${at}/messages`, { content: 'hi' })
      await api.refused(UNKNOWN_CHANNEL, 'POST', `${at}/typing`)
      await api.refused(UNKNOWN_CHANNEL, 'POST', `${at}/invites`, {})
      await api.refused(UNKNOWN_CHANNEL, 'PUT', `${at}/permissions/1`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await api.refused(UNKNOWN_CHANNEL, 'POST', `${at}/messages/bulk-delete`, {
        messages: ['1', '2'],
      })
      for (const id of ['general', '1e3', '@me'])
        await api.refused(invalid(), 'GET', `/channels/${id}`)
      await api.refused(invalid(), 'GET', '/channels/general/messages')
    },
  },
  {
    id: 'rest.channels.hidden',
    sentence: 'Who cannot view a channel has no access to it (50001), whether in the guild or not',
    async run(world) {
      const guild = await world.guild()
      const hidden = await guild.hiddenChannel()
      const message = await guild.say('secret', guild.owner, hidden.id)
      const at = `/channels/${hidden.id}`
      for (const { api } of [guild.member, await world.user('eve')]) {
        for (const path of [
          '',
          '/messages',
          `/messages/${message.id}`,
          `/messages/${message.id}/reactions/👍`,
        ])
          await api.refused(NO_ACCESS, 'GET', at + path)
        await api.refused(NO_ACCESS, 'POST', `${at}/messages`, { content: 'hi' })
        await api.refused(NO_ACCESS, 'PATCH', at, { name: 'mine' })
        await api.refused(NO_ACCESS, 'DELETE', at)
        await api.refused(NO_ACCESS, 'DELETE', `${at}/messages/${message.id}`)
        await api.refused(NO_ACCESS, 'PATCH', `${at}/messages/${message.id}`, { content: 'hi' })
        await api.refused(NO_ACCESS, 'POST', `${at}/typing`)
        await api.refused(NO_ACCESS, 'POST', `${at}/invites`, {})
        await api.refused(NO_ACCESS, 'PUT', `${at}/messages/${message.id}/reactions/👍/@me`)
        await api.refused(NO_ACCESS, 'PUT', `${at}/permissions/${guild.id}`, {
          type: 0,
          allow: '1024',
          deny: '0',
        })
      }
    },
  },
  {
    id: 'rest.channels.edit',
    sentence: 'Whoever may manage a channel edits it, and only what the form names changes',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}`
      const category = await guild.channel({ type: 4 })
      const change = {
        name: 'renamed',
        topic: 'what for',
        nsfw: true,
        rate_limit_per_user: 5,
        position: 2,
        parent_id: category.id,
      }
      includes(
        await guild.owner.api.patch(path, change),
        { id: guild.text, ...change },
        'the answer',
      )
      includes(
        await guild.owner.api.patch(path, { topic: null, parent_id: null }),
        { ...change, topic: null, parent_id: null },
        'taken away',
      )
      includes(
        await guild.member.api.get(path),
        { ...change, topic: null, parent_id: null },
        'the channel',
      )
      includes(
        await guild.owner.api.patch(`/channels/${guild.voice}`, { bitrate: 9_000, user_limit: 2 }),
        { bitrate: 9_000, user_limit: 2 },
        'a voice channel',
      )
      await guild.overwrite(guild.text, guild.member.id, 1, { allow: Permission.ManageChannels })
      includes(
        await guild.member.api.patch(path, { name: 'by-a-member' }),
        { name: 'by-a-member' },
        'with MANAGE_CHANNELS here',
      )
    },
  },
  {
    id: 'rest.channels.edit.refused',
    sentence: 'Without MANAGE_CHANNELS, or with a bad form, nothing of a channel changes',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}`
      const before = await guild.owner.api.get(path)
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', path, { name: 'taken-over' })
      await guild.owner.api.refused(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.refused(invalid('topic'), 'PATCH', path, { name: 'half', topic: 7 })
      await guild.owner.api.refused(invalid('rate_limit_per_user'), 'PATCH', path, {
        rate_limit_per_user: 21_601,
      })
      await guild.owner.api.refused(invalid('parent_id'), 'PATCH', path, { parent_id: guild.voice })
      await guild.owner.api.refused(invalid('type'), 'PATCH', path, { type: 2 })
      same(await guild.owner.api.get(path), before, 'the channel')
    },
  },
  {
    id: 'rest.channels.edit.overwrites',
    sentence: 'A channel’s overwrites are replaced as a whole, by whoever may manage its roles',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}`
      await guild.overwrite(guild.text, guild.member.id, 1, { allow: Permission.ManageChannels })
      const hide = [{ id: guild.id, type: 0, allow: '0', deny: String(Permission.ViewChannel) }]
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', path, { permission_overwrites: hide })
      includes(
        await guild.owner.api.patch(path, { permission_overwrites: hide }),
        { permission_overwrites: hide },
        'the channel',
      )
      await guild.member.api.refused(NO_ACCESS, 'GET', path)
      await guild.owner.api.patch(path, { permission_overwrites: [] })
      await guild.member.api.get(path)
    },
  },
  {
    id: 'rest.channels.delete',
    sentence:
      'Whoever may manage a channel deletes it; the answer is what it was, and then it is unknown',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}`
      const { id } = await guild.say('hello')
      await guild.member.api.refused(NO_PERMISSION, 'DELETE', path)
      includes(
        await guild.owner.api.delete(path),
        { id: guild.text, name: 'text' },
        'the channel that was',
      )
      for (const { api } of [guild.owner, guild.member]) {
        await api.refused(UNKNOWN_CHANNEL, 'GET', path)
        await api.refused(UNKNOWN_CHANNEL, 'GET', `${path}/messages`)
        await api.refused(UNKNOWN_CHANNEL, 'DELETE', `${path}/messages/${id}`)
      }
      await guild.owner.api.refused(UNKNOWN_CHANNEL, 'DELETE', path)
      const left = await guild.owner.api.get<APIChannel[]>(`/guilds/${guild.id}/channels`)
      same(
        left.some((each) => each.id === guild.text),
        false,
        'whether it is still listed',
      )
    },
  },
  {
    id: 'rest.channels.delete.dm',
    sentence:
      'A direct message is closed with the channel as the answer; it is kept, and opened again it is the same',
    async run(world) {
      const [ada, bob, eve] = [await world.user(), await world.user('bob'), await world.user('eve')]
      const open = (): Promise<APIDMChannel> =>
        ada.api.post('/users/@me/channels', { recipient_id: bob.id })
      const dm = await open()
      await ada.api.post(`/channels/${dm.id}/messages`, { content: 'before' })
      await eve.api.refused(NO_ACCESS, 'DELETE', `/channels/${dm.id}`)
      const closed = await ada.api.call('DELETE', `/channels/${dm.id}`)
      same(closed.status, 200, 'status')
      includes(closed.body, { id: dm.id, type: 1, recipients: dm.recipients }, 'the channel')
      same((await open()).id, dm.id, 'opened again')
      const [kept] = await bob.api.get<{ content: string }[]>(`/channels/${dm.id}/messages`)
      same(kept?.content, 'before', 'what was said')
    },
  },
  {
    id: 'rest.channels.delete.category',
    sentence: 'A deleted category leaves its channels without a parent',
    async run(world) {
      const guild = await world.guild()
      const category = await guild.channel({ type: 4 })
      const child = await guild.channel({ parent_id: category.id })
      await guild.owner.api.delete(`/channels/${category.id}`)
      includes(await guild.owner.api.get(`/channels/${child.id}`), { parent_id: null }, 'the child')
    },
  },
  {
    id: 'rest.overwrites.put',
    sentence: 'An overwrite is put for a role or a member, and put again it is replaced',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.role(0n)
      const path = `/channels/${guild.text}/permissions`
      const overwrites = async (): Promise<unknown> =>
        (await guild.owner.api.get<{ permission_overwrites: unknown }>(`/channels/${guild.text}`))
          .permission_overwrites
      await guild.owner.api.nothing('PUT', `${path}/${role.id}`, {
        type: 0,
        allow: '2048',
        deny: '64',
      })
      same(
        await overwrites(),
        [{ id: role.id, type: 0, allow: '2048', deny: '64' }],
        'one for a role',
      )
      await guild.owner.api.nothing('PUT', `${path}/${role.id}`, { type: 0, deny: '2048' })
      same(await overwrites(), [{ id: role.id, type: 0, allow: '0', deny: '2048' }], 'replaced')
      await guild.owner.api.nothing('PUT', `${path}/${guild.member.id}`, { type: 1, allow: '2048' })
      same(
        ((await overwrites()) as { id: string }[]).map((each) => each.id).toSorted(),
        [role.id, guild.member.id].toSorted(),
        'one for a member, too',
      )
      await guild.owner.api.nothing('DELETE', `${path}/${role.id}`)
      same(
        await overwrites(),
        [{ id: guild.member.id, type: 1, allow: '2048', deny: '0' }],
        'what is left',
      )
    },
  },
  {
    id: 'rest.overwrites.refused',
    sentence:
      'An overwrite needs MANAGE_ROLES, allows nothing that one may not do oneself, and has a form',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/permissions`
      await guild.member.api.refused(NO_PERMISSION, 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: '0',
        deny: '2048',
      })
      await guild.grant(guild.member, Permission.ManageRoles)
      const allow = String(Permission.ManageMessages)
      await guild.member.api.refused(NO_PERMISSION, 'PUT', `${path}/${guild.member.id}`, {
        type: 1,
        allow,
        deny: '0',
      })
      await guild.owner.api.refused(invalid('type'), 'PUT', `${path}/${guild.id}`, { type: 7 })
      await guild.owner.api.refused(invalid('allow'), 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: 'all',
      })
      await guild.owner.api.refused(invalid(), 'PUT', `${path}/everyone`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await guild.owner.api.refused({ status: 404, code: 10009 }, 'DELETE', `${path}/${NOWHERE}`)
    },
  },
  {
    id: 'rest.typing',
    sentence: '`POST /channels/:id/typing` is for those who may write there',
    async run(world) {
      const guild = await world.guild()
      await guild.member.api.nothing('POST', `/channels/${guild.text}/typing`)
      await guild.overwrite(guild.text, guild.id, 0, { deny: Permission.SendMessages })
      await guild.member.api.refused(NO_PERMISSION, 'POST', `/channels/${guild.text}/typing`)
      await guild.owner.api.nothing('POST', `/channels/${guild.text}/typing`)
    },
  },
]

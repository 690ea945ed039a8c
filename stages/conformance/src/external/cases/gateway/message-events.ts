import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { hasFields, holds, includes, same } from '../../expect.ts'
import type { TestGuild } from '../../guild.ts'
import type { Socket } from '../../socket.ts'
import type { World } from '../../world.ts'
import { MESSAGE_FIELDS } from '../rest/sending.ts'

/** A guild whose member listens. */
async function listening(world: World): Promise<{ guild: TestGuild; socket: Socket }> {
  const guild = await world.guild()
  return { guild, socket: await guild.member.connect() }
}

export const messageEventCases: readonly Case[] = [
  {
    id: 'gateway.message-create',
    sentence: 'MESSAGE_CREATE is the message as REST answers it, plus `guild_id` and `member`',
    async run(world) {
      const { guild, socket } = await listening(world)
      const role = await guild.grant(guild.owner, 0n)
      const path = `/channels/${guild.text}/messages`
      const sent = await guild.owner.api.post<APIMessage>(path, {
        content: `hi <@${guild.member.id}>`,
        nonce: 'n-7',
        embeds: [{ title: 'e' }],
      })
      const event = await socket.next('MESSAGE_CREATE', (d) => d.id === sent.id)
      hasFields(event, [...MESSAGE_FIELDS, 'nonce', 'guild_id', 'member'], 'MESSAGE_CREATE')
      includes(
        event,
        {
          content: sent.content,
          nonce: 'n-7',
          channel_id: guild.text,
          guild_id: guild.id,
          timestamp: sent.timestamp,
          type: 0,
        },
        'the event',
      )
      includes(event.author, { id: guild.owner.id, username: guild.owner.username }, 'its author')
      includes(event.member, { roles: [role.id], nick: null }, 'its member')
      hasFields(event.member, ['joined_at', 'deaf', 'mute'], 'its member')
      same(
        event.mentions.map((user) => user.id),
        [guild.member.id],
        'whom it mentions',
      )
      includes(
        event.mentions[0]!.member,
        { nick: null, roles: [] },
        'as which member it mentions them',
      )
      same(event.embeds[0]?.title, 'e', 'its embed')
    },
  },
  {
    id: 'gateway.message-create.own',
    sentence: 'An author hears their own message, on each of their sessions',
    async run(world) {
      const guild = await world.guild()
      const [one, two] = [await guild.member.connect(), await guild.member.connect()]
      const { id } = await guild.say('mine', guild.member)
      for (const socket of [one, two])
        includes(await socket.next('MESSAGE_CREATE'), { id, content: 'mine' }, 'the event')
    },
  },
  {
    id: 'gateway.message-create.dm',
    sentence: 'A direct message reaches both of its people, without a guild',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const [one, two] = [await ada.connect(), await bob.connect()]
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'psst' })
      for (const socket of [one, two]) {
        const event = await socket.next('MESSAGE_CREATE')
        includes(event, { channel_id: id, content: 'psst' }, 'the event')
        same(event.guild_id, undefined, 'its guild')
      }
    },
  },
  {
    id: 'gateway.message-create.reply',
    sentence: 'A reply’s event has what it answers',
    async run(world) {
      const { guild, socket } = await listening(world)
      const question = await guild.say('why?')
      await guild.owner.api.post(`/channels/${guild.text}/messages`, {
        content: 'because',
        message_reference: { message_id: question.id },
      })
      const event = await socket.next('MESSAGE_CREATE', (d) => d.content === 'because')
      includes(event.message_reference, { message_id: question.id }, 'what it answers')
      includes(event.referenced_message, { id: question.id, content: 'why?' }, 'the question')
    },
  },
  {
    id: 'gateway.message-update',
    sentence: 'MESSAGE_UPDATE is the edited message, whole, with `guild_id`',
    async run(world) {
      const { guild, socket } = await listening(world)
      const { id, timestamp } = await guild.say('before')
      const edited = await guild.owner.api.patch<APIMessage>(
        `/channels/${guild.text}/messages/${id}`,
        { content: 'after' },
      )
      const event = await socket.next('MESSAGE_UPDATE')
      hasFields(event, MESSAGE_FIELDS, 'MESSAGE_UPDATE')
      includes(
        event,
        {
          id,
          content: 'after',
          timestamp,
          edited_timestamp: edited.edited_timestamp,
          guild_id: guild.id,
        },
        'the event',
      )
    },
  },
  {
    id: 'gateway.message-update.reactions',
    sentence:
      'MESSAGE_UPDATE says nothing of reactions: which of them are one’s own is not the same for all',
    async run(world) {
      const { guild, socket } = await listening(world)
      const path = `/channels/${guild.text}/messages/${(await guild.say('before')).id}`
      await guild.member.api.put(`${path}/reactions/${encodeURIComponent('👍')}/@me`)
      const edited = await guild.owner.api.patch<APIMessage>(path, { content: 'after' })
      same(
        [edited.reactions?.[0]?.count, edited.reactions?.[0]?.me],
        [1, false],
        'the answer’s reactions',
      )
      same((await socket.next('MESSAGE_UPDATE')).reactions, undefined, 'the event’s reactions')
    },
  },
  {
    id: 'gateway.message-delete',
    sentence: 'MESSAGE_DELETE names message, channel and guild',
    async run(world) {
      const { guild, socket } = await listening(world)
      const { id } = await guild.say('gone')
      await guild.owner.api.delete(`/channels/${guild.text}/messages/${id}`)
      includes(
        await socket.next('MESSAGE_DELETE'),
        { id, channel_id: guild.text, guild_id: guild.id },
        'the event',
      )
    },
  },
  {
    id: 'gateway.message-delete-bulk',
    sentence: 'MESSAGE_DELETE_BULK names all that were deleted, in one event',
    async run(world) {
      const { guild, socket } = await listening(world)
      const messages = [(await guild.say('one')).id, (await guild.say('two')).id]
      await guild.owner.api.post(`/channels/${guild.text}/messages/bulk-delete`, { messages })
      const event = await socket.next('MESSAGE_DELETE_BULK')
      includes(event, { channel_id: guild.text, guild_id: guild.id }, 'the event')
      same(event.ids.toSorted(), messages.toSorted(), 'its ids')
      await guild.settle(socket)
      same(socket.seen('MESSAGE_DELETE'), [], 'single deletions')
    },
  },
  {
    id: 'gateway.reaction-add',
    sentence: 'MESSAGE_REACTION_ADD says who reacted with what to which message, once',
    async run(world) {
      const { guild, socket } = await listening(world)
      const { id } = await guild.say('react')
      for (let i = 0; i < 2; i++)
        await guild.owner.api.put(`/channels/${guild.text}/messages/${id}/reactions/👍/@me`)
      const event = await socket.next('MESSAGE_REACTION_ADD')
      includes(
        event,
        { user_id: guild.owner.id, channel_id: guild.text, message_id: id, guild_id: guild.id },
        'the event',
      )
      includes(event.emoji, { id: null, name: '👍' }, 'its emoji')
      includes(event.member?.user, { id: guild.owner.id }, 'its member')
      await guild.owner.api.put(
        `/channels/${guild.text}/messages/${id}/reactions/blob:80351110224678912/@me`,
      )
      includes(
        (await socket.next('MESSAGE_REACTION_ADD')).emoji,
        { id: '80351110224678912', name: 'blob' },
        'a custom emoji',
      )
      same(socket.seen('MESSAGE_REACTION_ADD').length, 2, 'how many there were')
    },
  },
  {
    id: 'gateway.reaction-remove',
    sentence: 'MESSAGE_REACTION_REMOVE says whose reaction is gone, once',
    async run(world) {
      const { guild, socket } = await listening(world)
      const { id } = await guild.say('react')
      const path = `/channels/${guild.text}/messages/${id}/reactions/👍/@me`
      await guild.owner.api.put(path)
      for (let i = 0; i < 2; i++) await guild.owner.api.delete(path)
      const event = await socket.next('MESSAGE_REACTION_REMOVE')
      includes(
        event,
        { user_id: guild.owner.id, channel_id: guild.text, message_id: id, guild_id: guild.id },
        'the event',
      )
      includes(event.emoji, { id: null, name: '👍' }, 'its emoji')
      await guild.settle(socket)
      same(socket.seen('MESSAGE_REACTION_REMOVE').length, 1, 'how many there were')
    },
  },
  {
    id: 'gateway.reaction-clear',
    sentence:
      'Reactions removed together are told together: MESSAGE_REACTION_REMOVE_EMOJI, and MESSAGE_REACTION_REMOVE_ALL',
    async run(world) {
      const { guild, socket } = await listening(world)
      const { id } = await guild.say('react')
      const path = `/channels/${guild.text}/messages/${id}/reactions`
      for (const { api } of [guild.owner, guild.member])
        for (const emoji of ['👍', '🎉']) await api.put(`${path}/${emoji}/@me`)
      await guild.owner.api.delete(`${path}/👍`)
      await guild.owner.api.delete(path)
      const where = { channel_id: guild.text, guild_id: guild.id, message_id: id }
      const one = await socket.next('MESSAGE_REACTION_REMOVE_EMOJI')
      includes(one, where, 'of one emoji')
      includes(one.emoji, { name: '👍', id: null }, 'its emoji')
      includes(await socket.next('MESSAGE_REACTION_REMOVE_ALL'), where, 'of all')
      same(socket.seen('MESSAGE_REACTION_REMOVE').length, 0, 'how many were told by themselves')
    },
  },
  {
    id: 'gateway.typing-start',
    sentence: 'TYPING_START says who types where, and since when',
    async run(world) {
      const { guild, socket } = await listening(world)
      await guild.owner.api.post(`/channels/${guild.text}/typing`)
      const event = await socket.next('TYPING_START')
      includes(
        event,
        { channel_id: guild.text, guild_id: guild.id, user_id: guild.owner.id },
        'the event',
      )
      holds(
        Math.abs(event.timestamp - Date.now() / 1_000) < 120,
        'since just now, in seconds',
        event.timestamp,
      )
      includes(event.member?.user, { id: guild.owner.id }, 'its member')
    },
  },
  {
    id: 'gateway.typing-start.dm',
    sentence: 'TYPING_START in a direct message reaches the other, without a guild',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const socket = await bob.connect()
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/typing`)
      const event = await socket.next('TYPING_START')
      includes(event, { channel_id: id, user_id: ada.id }, 'the event')
      same(event.guild_id, undefined, 'its guild')
    },
  },
]

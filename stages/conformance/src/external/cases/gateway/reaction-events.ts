import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { listeningMember } from './listening-member.ts'

export const reactionEventCases: readonly Case[] = [
  {
    id: 'gateway.reaction-add',
    title: 'One MESSAGE_REACTION_ADD names the user, the emoji and the message',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const { id } = await guild.send('react')
      for (let i = 0; i < 2; i++)
        await guild.owner.api.put(
          `/channels/${guild.textChannelId}/messages/${id}/reactions/👍/@me`,
        )
      const event = await socket.nextEvent('MESSAGE_REACTION_ADD')
      expectIncludes(
        event,
        {
          user_id: guild.owner.id,
          channel_id: guild.textChannelId,
          message_id: id,
          guild_id: guild.id,
        },
        'the event',
      )
      expectIncludes(event.emoji, { id: null, name: '👍' }, 'its emoji')
      expectIncludes(event.member?.user, { id: guild.owner.id }, 'its member')
      await guild.owner.api.put(
        `/channels/${guild.textChannelId}/messages/${id}/reactions/blob:80351110224678912/@me`,
      )
      expectIncludes(
        (await socket.nextEvent('MESSAGE_REACTION_ADD')).emoji,
        { id: '80351110224678912', name: 'blob' },
        'a custom emoji',
      )
      expectEqual(socket.received('MESSAGE_REACTION_ADD').length, 2, 'the number of events')
    },
  },
  {
    id: 'gateway.reaction-remove',
    title: 'One MESSAGE_REACTION_REMOVE names the user, the emoji and the message',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const { id } = await guild.send('react')
      const path = `/channels/${guild.textChannelId}/messages/${id}/reactions/👍/@me`
      await guild.owner.api.put(path)
      for (let i = 0; i < 2; i++) await guild.owner.api.delete(path)
      const event = await socket.nextEvent('MESSAGE_REACTION_REMOVE')
      expectIncludes(
        event,
        {
          user_id: guild.owner.id,
          channel_id: guild.textChannelId,
          message_id: id,
          guild_id: guild.id,
        },
        'the event',
      )
      expectIncludes(event.emoji, { id: null, name: '👍' }, 'its emoji')
      await guild.awaitDelivery(socket)
      expectEqual(socket.received('MESSAGE_REACTION_REMOVE').length, 1, 'the number of events')
    },
  },
  {
    id: 'gateway.reaction-clear',
    title:
      'Reactions removed together cause one MESSAGE_REACTION_REMOVE_EMOJI or ' +
      'MESSAGE_REACTION_REMOVE_ALL',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const { id } = await guild.send('react')
      const path = `/channels/${guild.textChannelId}/messages/${id}/reactions`
      for (const { api } of [guild.owner, guild.member])
        for (const emoji of ['👍', '🎉']) await api.put(`${path}/${emoji}/@me`)
      await guild.owner.api.delete(`${path}/👍`)
      await guild.owner.api.delete(path)
      const target = { channel_id: guild.textChannelId, guild_id: guild.id, message_id: id }
      const one = await socket.nextEvent('MESSAGE_REACTION_REMOVE_EMOJI')
      expectIncludes(one, target, 'the removal of one emoji')
      expectIncludes(one.emoji, { name: '👍', id: null }, 'its emoji')
      expectIncludes(
        await socket.nextEvent('MESSAGE_REACTION_REMOVE_ALL'),
        target,
        'the removal of all emoji',
      )
      expectEqual(
        socket.received('MESSAGE_REACTION_REMOVE').length,
        0,
        'the number of MESSAGE_REACTION_REMOVE events',
      )
    },
  },
  {
    id: 'gateway.typing-start',
    title: 'TYPING_START has the user, the channel and the time',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      await guild.owner.api.post(`/channels/${guild.textChannelId}/typing`)
      const event = await socket.nextEvent('TYPING_START')
      expectIncludes(
        event,
        { channel_id: guild.textChannelId, guild_id: guild.id, user_id: guild.owner.id },
        'the event',
      )
      expectTrue(
        Math.abs(event.timestamp - Date.now() / 1_000) < 120,
        'the timestamp is now, in seconds',
        event.timestamp,
      )
      expectIncludes(event.member?.user, { id: guild.owner.id }, 'its member')
    },
  },
  {
    id: 'gateway.typing-start.dm',
    title: 'TYPING_START in a direct message reaches the other user and has no guild',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const socket = await bob.connect()
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/typing`)
      const event = await socket.nextEvent('TYPING_START')
      expectIncludes(event, { channel_id: id, user_id: ada.id }, 'the event')
      expectEqual(event.guild_id, undefined, 'its guild')
    },
  },
]

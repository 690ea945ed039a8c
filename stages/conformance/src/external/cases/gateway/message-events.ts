import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes } from '../../expect.ts'
import { MESSAGE_FIELDS } from '../rest/sending.ts'
import { listeningMember } from './listening-member.ts'

export const messageEventCases: readonly Case[] = [
  {
    id: 'gateway.message-create',
    title: 'MESSAGE_CREATE is the message as REST answers it, plus `guild_id` and `member`',
    covers: ['gateway.message-create', 'bites.fields'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const role = await guild.grantPermissions(guild.owner, 0n)
      const path = `/channels/${guild.textChannelId}/messages`
      const sent = await guild.owner.api.post<APIMessage>(path, {
        content: `hi <@${guild.member.id}>`,
        nonce: 'n-7',
        embeds: [{ title: 'e' }],
      })
      const event = await socket.nextEvent('MESSAGE_CREATE', (d) => d.id === sent.id)
      expectFields(event, [...MESSAGE_FIELDS, 'nonce', 'guild_id', 'member'], 'MESSAGE_CREATE')
      expectIncludes(
        event,
        {
          content: sent.content,
          nonce: 'n-7',
          channel_id: guild.textChannelId,
          guild_id: guild.id,
          timestamp: sent.timestamp,
          type: 0,
        },
        'the event',
      )
      expectIncludes(
        event.author,
        { id: guild.owner.id, username: guild.owner.username },
        'its author',
      )
      expectIncludes(event.member, { roles: [role.id], nick: null }, 'its member')
      expectFields(event.member, ['joined_at', 'deaf', 'mute'], 'its member')
      expectEqual(
        event.mentions.map((user) => user.id),
        [guild.member.id],
        'the mentioned users',
      )
      expectIncludes(
        event.mentions[0]!.member,
        { nick: null, roles: [] },
        'the mentioned user’s member',
      )
      expectEqual(event.embeds[0]?.title, 'e', 'its embed')
    },
  },
  {
    id: 'gateway.message-create.own',
    title: 'An author receives their own message on each of their sessions',
    covers: ['gateway.message-create'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [one, two] = [await guild.member.connect(), await guild.member.connect()]
      const { id } = await guild.send('mine', guild.member)
      for (const socket of [one, two])
        expectIncludes(
          await socket.nextEvent('MESSAGE_CREATE'),
          { id, content: 'mine' },
          'the event',
        )
    },
  },
  {
    id: 'gateway.message-create.dm',
    title: 'MESSAGE_CREATE of a direct message reaches both users and has no guild',
    covers: ['gateway.message-create'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const [one, two] = [await ada.connect(), await bob.connect()]
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'psst' })
      for (const socket of [one, two]) {
        const event = await socket.nextEvent('MESSAGE_CREATE')
        expectIncludes(event, { channel_id: id, content: 'psst' }, 'the event')
        expectEqual(event.guild_id, undefined, 'its guild')
      }
    },
  },
  {
    id: 'gateway.message-create.reply',
    title: 'MESSAGE_CREATE of a reply includes the message it replies to',
    covers: ['gateway.message-create'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const question = await guild.send('why?')
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages`, {
        content: 'because',
        message_reference: { message_id: question.id },
      })
      const event = await socket.nextEvent('MESSAGE_CREATE', (d) => d.content === 'because')
      expectIncludes(
        event.message_reference,
        { message_id: question.id },
        'the reference of the reply',
      )
      expectIncludes(event.referenced_message, { id: question.id, content: 'why?' }, 'the question')
    },
  },
  {
    id: 'gateway.message-update',
    title: 'MESSAGE_UPDATE is the whole edited message, plus `guild_id`',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const { id, timestamp } = await guild.send('before')
      const edited = await guild.owner.api.patch<APIMessage>(
        `/channels/${guild.textChannelId}/messages/${id}`,
        { content: 'after' },
      )
      const event = await socket.nextEvent('MESSAGE_UPDATE')
      expectFields(event, MESSAGE_FIELDS, 'MESSAGE_UPDATE')
      expectIncludes(
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
    title: 'MESSAGE_UPDATE has no reactions, since `me` differs for each recipient',
    covers: ['gateway.events.messages', 'bites.update'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const path = `/channels/${guild.textChannelId}/messages/${(await guild.send('before')).id}`
      await guild.member.api.put(`${path}/reactions/${encodeURIComponent('👍')}/@me`)
      const edited = await guild.owner.api.patch<APIMessage>(path, { content: 'after' })
      expectEqual(
        [edited.reactions?.[0]?.count, edited.reactions?.[0]?.me],
        [1, false],
        'the answer’s reactions',
      )
      expectEqual(
        (await socket.nextEvent('MESSAGE_UPDATE')).reactions,
        undefined,
        'the event’s reactions',
      )
    },
  },
  {
    id: 'gateway.message-delete',
    title: 'MESSAGE_DELETE names the message, the channel and the guild',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const { id } = await guild.send('gone')
      await guild.owner.api.delete(`/channels/${guild.textChannelId}/messages/${id}`)
      expectIncludes(
        await socket.nextEvent('MESSAGE_DELETE'),
        { id, channel_id: guild.textChannelId, guild_id: guild.id },
        'the event',
      )
    },
  },
  {
    id: 'gateway.message-delete-bulk',
    title: 'One MESSAGE_DELETE_BULK names all deleted messages',
    covers: ['gateway.events.messages'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const messages = [(await guild.send('one')).id, (await guild.send('two')).id]
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages/bulk-delete`, {
        messages,
      })
      const event = await socket.nextEvent('MESSAGE_DELETE_BULK')
      expectIncludes(event, { channel_id: guild.textChannelId, guild_id: guild.id }, 'the event')
      expectEqual(event.ids.toSorted(), messages.toSorted(), 'its ids')
      await guild.awaitDelivery(socket)
      expectEqual(socket.received('MESSAGE_DELETE'), [], 'MESSAGE_DELETE events')
    },
  },
]

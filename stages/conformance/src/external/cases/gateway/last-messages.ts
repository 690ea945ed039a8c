import type { APIChannel } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'

interface Channel {
  readonly id: string
  readonly last_message_id: string | null
}

export const lastMessageCases: readonly Case[] = [
  {
    id: 'rest.channels.last-message',
    title:
      'A channel has its `last_message_id` by itself, in the guild’s list, and in the answer ' +
      'to an edit',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      expectEqual(
        (await guild.owner.api.get<Channel>(path)).last_message_id,
        null,
        'before any message',
      )
      await guild.send('first')
      const { id } = await guild.send('second', guild.member)
      expectEqual((await guild.owner.api.get<Channel>(path)).last_message_id, id, 'the channel')
      const listed = await guild.owner.api.get<Channel[]>(`/guilds/${guild.id}/channels`)
      expectEqual(
        listed.find((channel) => channel.id === guild.textChannelId)?.last_message_id,
        id,
        'in the list',
      )
      expectEqual(
        listed.find((channel) => channel.id === guild.voiceChannelId)?.last_message_id,
        null,
        'another channel in the list',
      )
      expectEqual(
        (await guild.owner.api.patch<Channel>(path, { topic: 'new' })).last_message_id,
        id,
        'the changed channel',
      )
    },
  },
  {
    id: 'gateway.guild-create.last-messages',
    title: 'GUILD_CREATE and CHANNEL_UPDATE carry a channel’s `last_message_id`',
    covers: ['gateway.guild-create'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('last')
      const socket = await guild.member.connect()
      const [created] = socket.received('GUILD_CREATE', (d) => d.id === guild.id)
      const channel = (created as unknown as { channels: Channel[] }).channels.find(
        (each) => each.id === guild.textChannelId,
      )
      expectEqual(channel?.last_message_id, id, 'in GUILD_CREATE')
      await guild.owner.api.patch(`/channels/${guild.textChannelId}`, { topic: 'new' })
      const updated = (await socket.nextEvent(
        'CHANNEL_UPDATE',
        (d) => d.id === guild.textChannelId,
      )) as unknown as Channel
      expectEqual(updated.last_message_id, id, 'in CHANNEL_UPDATE')
    },
  },
  {
    id: 'gateway.ready.last-messages',
    title: 'A direct message has its `last_message_id` by itself, in the list and in READY',
    covers: ['gateway.ready'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const open = () =>
        ada.api.post<APIChannel & Channel>('/users/@me/channels', { recipient_id: bob.id })
      const dm = await open()
      expectEqual(dm.last_message_id, null, 'before any message')
      await ada.api.post(`/channels/${dm.id}/messages`, { content: 'first' })
      const { id } = await bob.api.post<{ id: string }>(`/channels/${dm.id}/messages`, {
        content: 'second',
      })
      expectEqual((await open()).last_message_id, id, 'opened again')
      expectEqual(
        (await bob.api.get<Channel>(`/channels/${dm.id}`)).last_message_id,
        id,
        'by itself',
      )
      expectEqual(
        (await bob.api.get<Channel[]>('/users/@me/channels'))[0]?.last_message_id,
        id,
        'in the list',
      )
      const { ready } = await ada.login()
      expectEqual(
        (ready.private_channels as unknown as Channel[])[0]?.last_message_id,
        id,
        'in READY',
      )
    },
  },
]

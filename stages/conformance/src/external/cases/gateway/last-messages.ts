import type { APIChannel } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { same } from '../../expect.ts'

interface Channel {
  readonly id: string
  readonly last_message_id: string | null
}

export const lastMessageCases: readonly Case[] = [
  {
    id: 'rest.channels.last-message',
    sentence:
      'A channel says which message was its last: by itself, in its guild’s list, and in what changing it answers',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}`
      same((await guild.owner.api.get<Channel>(path)).last_message_id, null, 'before any message')
      await guild.say('first')
      const { id } = await guild.say('second', guild.member)
      same((await guild.owner.api.get<Channel>(path)).last_message_id, id, 'the channel')
      const listed = await guild.owner.api.get<Channel[]>(`/guilds/${guild.id}/channels`)
      same(listed.find((channel) => channel.id === guild.text)?.last_message_id, id, 'in the list')
      same(
        listed.find((channel) => channel.id === guild.voice)?.last_message_id,
        null,
        'another channel in the list',
      )
      same(
        (await guild.owner.api.patch<Channel>(path, { topic: 'new' })).last_message_id,
        id,
        'the changed channel',
      )
    },
  },
  {
    id: 'gateway.guild-create.last-messages',
    sentence: 'GUILD_CREATE and CHANNEL_UPDATE say which message was a channel’s last',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.say('last')
      const socket = await guild.member.connect()
      const [created] = socket.seen('GUILD_CREATE', (d) => d.id === guild.id)
      const channel = (created as unknown as { channels: Channel[] }).channels.find(
        (each) => each.id === guild.text,
      )
      same(channel?.last_message_id, id, 'in GUILD_CREATE')
      await guild.owner.api.patch(`/channels/${guild.text}`, { topic: 'new' })
      const updated = (await socket.next(
        'CHANNEL_UPDATE',
        (d) => d.id === guild.text,
      )) as unknown as Channel
      same(updated.last_message_id, id, 'in CHANNEL_UPDATE')
    },
  },
  {
    id: 'gateway.ready.last-messages',
    sentence:
      'A direct message says which message was its last: by itself, in its list, and in READY',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const open = () =>
        ada.api.post<APIChannel & Channel>('/users/@me/channels', { recipient_id: bob.id })
      const dm = await open()
      same(dm.last_message_id, null, 'before any message')
      await ada.api.post(`/channels/${dm.id}/messages`, { content: 'first' })
      const { id } = await bob.api.post<{ id: string }>(`/channels/${dm.id}/messages`, {
        content: 'second',
      })
      same((await open()).last_message_id, id, 'opened again')
      same((await bob.api.get<Channel>(`/channels/${dm.id}`)).last_message_id, id, 'by itself')
      same(
        (await bob.api.get<Channel[]>('/users/@me/channels'))[0]?.last_message_id,
        id,
        'in the list',
      )
      const { ready } = await ada.login()
      same((ready.private_channels as unknown as Channel[])[0]?.last_message_id, id, 'in READY')
    },
  },
]

import { Permission, refuse, restInput } from '@threshold/contract'
import {
  type Channel,
  type ChannelPatch,
  type ChannelType,
  channelToWire,
  type GuildEvent,
  memberToWire,
} from '@threshold/domain'
import type { z } from 'zod'
import { foreignField } from '../channel-fields.ts'
import type { Context, Place } from '../context.ts'
import { directsToWire } from '../direct-messages.ts'
import { publishTo } from '../messages/orphans.ts'
import { ask as askGuild, outcome } from '../refusals.ts'
import { type AddRoute, type Ask, checked, definedOnly } from '../route.ts'

type ChannelInput = Partial<z.output<typeof restInput.createChannel>> & {
  name: string
  type: 0 | 2 | 4 | 5
}

export function channelFrom(id: string, guildId: string, input: ChannelInput): Channel {
  return {
    v: 1,
    id,
    guildId,
    type: input.type,
    name: input.name,
    topic: input.topic ?? null,
    position: input.position ?? 0,
    parentId: input.parent_id ?? null,
    nsfw: input.nsfw ?? false,
    rateLimitPerUser: input.rate_limit_per_user ?? 0,
    overwrites: input.permission_overwrites ?? [],
    ...(input.type === 2
      ? { bitrate: input.bitrate ?? 64_000, userLimit: input.user_limit ?? 0 }
      : {}),
  }
}

export function channelRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/channels/:channel', 'channel.get', async (ask) => {
    const place = await context.place(ask.me, ask.params.channel!, 0n, ask.deadline)
    return place.kind === 'guild' ? channelToWire(place.channel, place) : direct(ask, place)
  })

  add('patch', '/channels/:channel', 'channel.edit', async (ask) => {
    const input = checked(restInput.editChannel, ask.body ?? {})
    const { guildId, type } = await homeOf(ask)
    const foreign = foreignField(type, input)
    if (foreign) {
      // A member who may not edit the channel is told that, and not of which type it is.
      await context.place(ask.me, ask.params.channel!, Permission.ManageChannels, ask.deadline)
      throw foreign
    }
    const patch: ChannelPatch = definedOnly({
      name: input.name,
      type: input.type,
      topic: input.topic,
      position: input.position ?? undefined,
      parentId: input.parent_id,
      nsfw: input.nsfw ?? undefined,
      rateLimitPerUser: input.rate_limit_per_user ?? undefined,
      bitrate: input.bitrate ?? undefined,
      userLimit: input.user_limit ?? undefined,
      overwrites: input.permission_overwrites ?? undefined,
    })
    const events = await askGuild(
      context,
      guildId,
      { type: 'channel.edit', by: ask.me, channelId: ask.params.channel!, patch },
      ask,
    )
    // A category's synced children come before it in the events.
    const edited = events.findLast(
      (event) => event.type === 'channel.updated' && event.channel.id === ask.params.channel,
    )
    const access = await ports.hub.access(guildId, ask.me, ask.params.channel!, ask.deadline)
    return channelToWire(
      (edited as Extract<GuildEvent, { type: 'channel.updated' }>).channel,
      access.kind === 'member' ? access : {},
    )
  })

  /**
   * A direct message is closed: its client shows it no longer, and it is kept, since opening it
   * again gives the same one.
   */
  add('delete', '/channels/:channel', 'channel.delete', async (ask) => {
    const place = await context.place(ask.me, ask.params.channel!, 0n, ask.deadline)
    if (place.kind === 'dm') return direct(ask, place)
    const events = await askGuild(
      context,
      place.guildId,
      { type: 'channel.delete', by: ask.me, channelId: ask.params.channel! },
      ask,
    )
    return channelToWire(outcome(events, 'channel.deleted')!.channel, place)
  })

  add('put', '/channels/:channel/permissions/:target', 'overwrite.put', async (ask) => {
    const input = checked(restInput.putOverwrite, ask.body)
    const { guildId } = await homeOf(ask)
    await askGuild(
      context,
      guildId,
      {
        type: 'overwrite.put',
        by: ask.me,
        channelId: ask.params.channel!,
        overwrite: { id: ask.params.target!, ...input },
      },
      ask,
    )
    return undefined
  })

  add('delete', '/channels/:channel/permissions/:target', 'overwrite.delete', async (ask) => {
    const { guildId } = await homeOf(ask)
    await askGuild(
      context,
      guildId,
      {
        type: 'overwrite.delete',
        by: ask.me,
        channelId: ask.params.channel!,
        targetId: ask.params.target!,
      },
      ask,
    )
    return undefined
  })

  add('post', '/channels/:channel/typing', 'channel.typing', async (ask) => {
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.SendMessages,
      ask.deadline,
    )
    const timestamp = Math.floor(context.runtime.clock.now() / 1_000)
    const where =
      place.kind === 'guild' ? { guild_id: place.guildId, member: memberToWire(place.member) } : {}
    const data = { channel_id: place.channel.id, user_id: ask.me, timestamp, ...where }
    const id = `${place.channel.id}:${ask.me}:${context.runtime.hybrid.next()}`
    await publishTo(
      context,
      place,
      { v: 1, id, type: 'TYPING_START', data, channelId: place.channel.id },
      ask.deadline,
    )
    return undefined
  })

  async function direct(ask: Ask, { channel }: Extract<Place, { kind: 'dm' }>): Promise<object> {
    return (await directsToWire(context, ask.me, [channel], ask.deadline))[0]!
  }

  /** The guild of a channel that the asker may at least know of. */
  async function homeOf(ask: Ask): Promise<{ guildId: string; type: ChannelType }> {
    const channel = await ports.metadata.channel(ask.params.channel!, ask.deadline)
    if (!channel) throw refuse.unknownChannel()
    if (channel.guildId === undefined) throw refuse.dmNotAllowed()
    return { guildId: channel.guildId, type: channel.type }
  }
}

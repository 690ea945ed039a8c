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
import type { ChannelAccess, Context } from '../context.ts'
import { directChannelsToWire } from '../direct-channels.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { publishToChannel } from '../messages/event-publisher.ts'
import { type AddRoute, type ApiRequest, definedFields, parseInput } from '../route.ts'
import { unsupportedField } from '../unsupported-fields.ts'

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

  add('get', '/channels/:channel', 'channel.get', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      0n,
      request.deadline,
    )
    return access.kind === 'guild' ? channelToWire(access.channel, access) : direct(request, access)
  })

  add('patch', '/channels/:channel', 'channel.edit', async (request) => {
    const input = parseInput(restInput.editChannel, request.body ?? {})
    const { guildId, type } = await homeOf(request)
    const foreign = unsupportedField(type, input)
    if (foreign) {
      // A member who may not edit the channel is told that, and not of which type it is.
      await context.authorizeChannel(
        request.userId,
        request.params.channel!,
        Permission.ManageChannels,
        request.deadline,
      )
      throw foreign
    }
    const patch: ChannelPatch = definedFields({
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
    const events = await executeOrThrow(
      context,
      guildId,
      { type: 'channel.edit', by: request.userId, channelId: request.params.channel!, patch },
      request,
    )
    // A category's synced children come before it in the events.
    const edited = events.findLast(
      (event) => event.type === 'channel.updated' && event.channel.id === request.params.channel,
    )
    const access = await ports.hub.access(
      guildId,
      request.userId,
      request.params.channel!,
      request.deadline,
    )
    return channelToWire(
      (edited as Extract<GuildEvent, { type: 'channel.updated' }>).channel,
      access.kind === 'member' ? access : {},
    )
  })

  /**
   * A direct message is closed: its client shows it no longer, and it is kept, since opening it
   * again gives the same one.
   */
  add('delete', '/channels/:channel', 'channel.delete', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      0n,
      request.deadline,
    )
    if (access.kind === 'dm') return direct(request, access)
    const events = await executeOrThrow(
      context,
      access.guildId,
      { type: 'channel.delete', by: request.userId, channelId: request.params.channel! },
      request,
    )
    return channelToWire(firstEvent(events, 'channel.deleted')!.channel, access)
  })

  add('put', '/channels/:channel/permissions/:target', 'overwrite.put', async (request) => {
    const input = parseInput(restInput.putOverwrite, request.body)
    const { guildId } = await homeOf(request)
    await executeOrThrow(
      context,
      guildId,
      {
        type: 'overwrite.put',
        by: request.userId,
        channelId: request.params.channel!,
        overwrite: { id: request.params.target!, ...input },
      },
      request,
    )
    return undefined
  })

  add('delete', '/channels/:channel/permissions/:target', 'overwrite.delete', async (request) => {
    const { guildId } = await homeOf(request)
    await executeOrThrow(
      context,
      guildId,
      {
        type: 'overwrite.delete',
        by: request.userId,
        channelId: request.params.channel!,
        targetId: request.params.target!,
      },
      request,
    )
    return undefined
  })

  add('post', '/channels/:channel/typing', 'channel.typing', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.SendMessages,
      request.deadline,
    )
    const timestamp = Math.floor(context.runtime.clock.now() / 1_000)
    const where =
      access.kind === 'guild'
        ? { guild_id: access.guildId, member: memberToWire(access.member) }
        : {}
    const data = { channel_id: access.channel.id, user_id: request.userId, timestamp, ...where }
    const id = `${access.channel.id}:${request.userId}:${context.runtime.hybrid.next()}`
    await publishToChannel(
      context,
      access,
      { v: 1, id, type: 'TYPING_START', data, channelId: access.channel.id },
      request.deadline,
    )
    return undefined
  })

  async function direct(
    request: ApiRequest,
    { channel }: Extract<ChannelAccess, { kind: 'dm' }>,
  ): Promise<object> {
    return (await directChannelsToWire(context, request.userId, [channel], request.deadline))[0]!
  }

  /** The guild of a channel that the asker may at least know of. */
  async function homeOf(request: ApiRequest): Promise<{ guildId: string; type: ChannelType }> {
    const channel = await ports.metadata.channel(request.params.channel!, request.deadline)
    if (!channel) throw refuse.unknownChannel()
    if (channel.guildId === undefined) throw refuse.dmNotAllowed()
    return { guildId: channel.guildId, type: channel.type }
  }
}

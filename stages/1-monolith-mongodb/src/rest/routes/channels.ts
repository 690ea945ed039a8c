import { Permission, refuse } from '@threshold/contract'
import {
  type Channel,
  type ChannelPatch,
  type ChannelType,
  channelToWire,
  type GuildEvent,
  memberToWire,
} from '@threshold/domain'
import type { z } from 'zod'
import { restInput } from '../../input/index.ts'
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

export function newChannel(id: string, guildId: string, input: ChannelInput): Channel {
  const isVoice = input.type === 2
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
    ...(isVoice ? { bitrate: input.bitrate ?? 64_000, userLimit: input.user_limit ?? 0 } : {}),
  }
}

export function channelRoutes(add: AddRoute, context: Context): void {
  const { ports, runtime } = context

  add('get', '/channels/:channel', 'channel.get', async (request) => {
    const access = await context.authorizeChannel(request, 0n)
    return access.kind === 'guild'
      ? channelToWire(access.channel, access)
      : directChannelToWire(request, access)
  })

  add('patch', '/channels/:channel', 'channel.edit', async (request) => {
    const { userId: by, deadline } = request
    const channelId = request.params.channel!
    const input = parseInput(restInput.editChannel, request.body ?? {})
    const { guildId, type } = await findGuildChannel(request)
    const unsupported = unsupportedField(type, input)
    if (unsupported) {
      // A member who may not edit the channel gets that error, which does not reveal its type.
      await context.authorizeChannel(request, Permission.ManageChannels)
      throw unsupported
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
    const command = { type: 'channel.edit', by, channelId, patch } as const
    const events = await executeOrThrow(context, guildId, command, request)
    // The events of a category's synced channels come before its own.
    const edited = events.findLast(
      (event): event is Extract<GuildEvent, { type: 'channel.updated' }> =>
        event.type === 'channel.updated' && event.channel.id === channelId,
    )
    const access = await ports.hub.access(guildId, [by], channelId, deadline)
    const { lastMessageId } = access.kind === 'found' ? access : {}
    return channelToWire(edited!.channel, { lastMessageId })
  })

  /**
   * Deleting a direct message channel closes it in the client. The channel itself stays, since
   * opening it again gives the same one.
   */
  add('delete', '/channels/:channel', 'channel.delete', async (request) => {
    const access = await context.authorizeChannel(request, 0n)
    if (access.kind === 'dm') return directChannelToWire(request, access)
    const { userId: by, params } = request
    const command = { type: 'channel.delete', by, channelId: params.channel! } as const
    const events = await executeOrThrow(context, access.guildId, command, request)
    return channelToWire(firstEvent(events, 'channel.deleted')!.channel, access)
  })

  add('put', '/channels/:channel/permissions/:target', 'overwrite.put', async (request) => {
    const { userId: by, params } = request
    const input = parseInput(restInput.putOverwrite, request.body)
    const { guildId } = await findGuildChannel(request)
    const overwrite = { id: params.target!, ...input }
    const command = { type: 'overwrite.put', by, channelId: params.channel!, overwrite } as const
    await executeOrThrow(context, guildId, command, request)
    return undefined
  })

  add('delete', '/channels/:channel/permissions/:target', 'overwrite.delete', async (request) => {
    const { userId: by, params } = request
    const { guildId } = await findGuildChannel(request)
    const ids = { channelId: params.channel!, targetId: params.target! }
    await executeOrThrow(context, guildId, { type: 'overwrite.delete', by, ...ids }, request)
    return undefined
  })

  add('post', '/channels/:channel/typing', 'channel.typing', async (request) => {
    const { userId, deadline } = request
    const access = await context.authorizeChannel(request, Permission.SendMessages)
    const { id: channelId } = access.channel
    const data = {
      channel_id: channelId,
      user_id: userId,
      timestamp: Math.floor(runtime.clock.now() / 1_000),
      ...(access.kind === 'guild'
        ? { guild_id: access.guildId, member: memberToWire(access.member) }
        : {}),
    }
    const id = `${channelId}:${userId}:${runtime.hybrid.next()}`
    const event = { v: 1, id, type: 'TYPING_START', data, channelId } as const
    await publishToChannel(context, access, event, deadline)
    return undefined
  })

  async function directChannelToWire(
    { userId, deadline }: ApiRequest,
    { channel }: ChannelAccess,
  ): Promise<object> {
    return (await directChannelsToWire(context, userId, [channel], deadline))[0]!
  }

  /** The guild decides about permissions, so this checks only that the channel is in one. */
  async function findGuildChannel({
    params,
    deadline,
  }: ApiRequest): Promise<{ guildId: string; type: ChannelType }> {
    const channel = await ports.metadata.channel(params.channel!, deadline)
    if (!channel) throw refuse.unknownChannel()
    const { guildId, type } = channel
    if (guildId === undefined) throw refuse.dmNotAllowed()
    return { guildId, type }
  }
}

import { DEFAULT_PERMISSIONS } from '@threshold/contract'
import {
  channelToWire,
  type Guild,
  type GuildState,
  guildToWire,
  type Member,
  type Role,
} from '@threshold/domain'
import type { z } from 'zod'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { approximateCounts, requireGuildView } from '../guild-access.ts'
import { type AddRoute, created, definedFields, parseInput } from '../route.ts'
import { unsupportedField } from '../unsupported-fields.ts'
import { newChannel } from './channels.ts'

const DEFAULT_LOCALE = 'en-US'

export function guildRoutes(add: AddRoute, context: Context): void {
  const { ports, runtime, tools } = context

  add('post', '/guilds', 'guild.create', async (request) => {
    const input = parseInput(restInput.createGuild, request.body)
    const user = await context.requireUser(request.userId, request.deadline)
    const joinedAt = runtime.clock.now()
    const owner = { user, nick: null, roles: [], joinedAt, mute: false, deaf: false }
    const state = newGuild(context, input, owner)
    await ports.hub.create(state, request.deadline)
    return created(guildToWire(state.guild, [...state.roles.values()]))
  })

  add('get', '/guilds/:guild', 'guild.get', async (request) => {
    const view = await requireGuildView(context, request)
    const { with_counts: counts } = parseInput(restInput.guildQuery, request.query)
    return {
      ...guildToWire(view.guild, view.roles),
      ...(counts ? await approximateCounts(context, request, view.guild.id, view.memberCount) : {}),
    }
  })

  add('patch', '/guilds/:guild', 'guild.edit', async (request) => {
    const { userId: by, params } = request
    const input = parseInput(restInput.editGuild, request.body ?? {})
    const patch = definedFields({
      name: input.name,
      description: input.description,
      ownerId: input.owner_id,
      systemChannelId: input.system_channel_id,
      afkChannelId: input.afk_channel_id,
      afkTimeout: input.afk_timeout,
      verificationLevel: input.verification_level ?? undefined,
      defaultMessageNotifications: input.default_message_notifications ?? undefined,
      explicitContentFilter: input.explicit_content_filter ?? undefined,
      preferredLocale: input.preferred_locale === null ? DEFAULT_LOCALE : input.preferred_locale,
    })
    await executeOrThrow(context, params.guild!, { type: 'guild.edit', by, patch }, request)
    const view = await requireGuildView(context, request)
    return guildToWire(view.guild, view.roles)
  })

  add('delete', '/guilds/:guild', 'guild.delete', async (request) => {
    const { userId: by, params } = request
    await executeOrThrow(context, params.guild!, { type: 'guild.delete', by }, request)
    return undefined
  })

  add('get', '/guilds/:guild/channels', 'guild.channels', async (request) => {
    const { channels, lastMessages } = await requireGuildView(context, request)
    return channels.map((channel) =>
      channelToWire(channel, { lastMessageId: lastMessages.get(channel.id) }),
    )
  })

  add('post', '/guilds/:guild/channels', 'channel.create', async (request) => {
    const { userId: by, params } = request
    const input = parseInput(restInput.createChannel, request.body)
    const unsupported = unsupportedField(input.type, input)
    if (unsupported) throw unsupported
    const channel = newChannel(tools.newId(), params.guild!, input)
    const command = { type: 'channel.create', by, channel } as const
    const events = await executeOrThrow(context, params.guild!, command, request)
    return created(channelToWire(firstEvent(events, 'channel.created')?.channel ?? channel))
  })

  add('patch', '/guilds/:guild/channels', 'channel.move', async (request) => {
    const { userId: by, params } = request
    const moves = parseInput(restInput.moveChannels, request.body).map((move) => ({
      id: move.id,
      ...(move.position == null ? {} : { position: move.position }),
      ...(move.parent_id === undefined ? {} : { parentId: move.parent_id }),
      ...(move.lock_permissions ? { lockPermissions: true } : {}),
    }))
    await executeOrThrow(context, params.guild!, { type: 'channels.move', by, moves }, request)
    return undefined
  })
}

/** A guild begins with the role @everyone, a text channel and a voice channel. */
function newGuild(
  { tools }: Context,
  input: z.output<typeof restInput.createGuild>,
  owner: Member,
): GuildState {
  const id = tools.newId()
  const everyone: Role = {
    id,
    name: '@everyone',
    color: 0,
    hoist: false,
    position: 0,
    permissions: DEFAULT_PERMISSIONS.toString(),
    mentionable: false,
  }
  const text = newChannel(tools.newId(), id, { name: 'general', type: 0 })
  const voice = newChannel(tools.newId(), id, { name: 'General', type: 2 })
  const guild: Guild = {
    v: 1,
    id,
    name: input.name,
    ownerId: owner.user.id,
    description: null,
    systemChannelId: text.id,
    afkChannelId: null,
    afkTimeout: 300,
    verificationLevel: input.verification_level ?? 0,
    defaultMessageNotifications: input.default_message_notifications ?? 0,
    explicitContentFilter: input.explicit_content_filter ?? 0,
    preferredLocale: input.preferred_locale ?? DEFAULT_LOCALE,
  }
  return {
    guild,
    roles: new Map([[id, everyone]]),
    channels: new Map([text, voice].map((channel) => [channel.id, channel])),
    members: new Map([[owner.user.id, owner]]),
  }
}

import { DEFAULT_PERMISSIONS, restInput } from '@threshold/contract'
import {
  type Channel,
  channelToWire,
  type Guild,
  type GuildState,
  guildToWire,
  type Member,
  type Role,
} from '@threshold/domain'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { approximateCounts, requireGuildView } from '../guild-access.ts'
import { type AddRoute, created, definedFields, parseInput } from '../route.ts'
import { unsupportedField } from '../unsupported-fields.ts'
import { channelFrom } from './channels.ts'

const DEFAULT_LOCALE = 'en-US'

export function guildRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('post', '/guilds', 'guild.create', async (request) => {
    const input = parseInput(restInput.createGuild, request.body)
    const user = await context.requireUser(request.userId, request.deadline)
    const state = newGuild(context, input, {
      user,
      nick: null,
      roles: [],
      joinedAt: context.runtime.clock.now(),
      mute: false,
      deaf: false,
    })
    await ports.hub.create(state, request.deadline)
    return created(whole(state.guild, [...state.roles.values()]))
  })

  add('get', '/guilds/:guild', 'guild.get', async (request) => {
    const view = await requireGuildView(context, request)
    const { with_counts: counts } = parseInput(restInput.guildQuery, request.query)
    return {
      ...whole(view.guild, view.roles),
      ...(counts ? await approximateCounts(context, request, view.guild.id, view.memberCount) : {}),
    }
  })

  add('patch', '/guilds/:guild', 'guild.edit', async (request) => {
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
    await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'guild.edit', by: request.userId, patch },
      request,
    )
    const view = await requireGuildView(context, request)
    return whole(view.guild, view.roles)
  })

  add('delete', '/guilds/:guild', 'guild.delete', async (request) => {
    await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'guild.delete', by: request.userId },
      request,
    )
    return undefined
  })

  add('get', '/guilds/:guild/channels', 'guild.channels', async (request) => {
    const { channels, lastMessages } = await requireGuildView(context, request)
    return channels.map((channel) =>
      channelToWire(channel, { lastMessageId: lastMessages.get(channel.id) }),
    )
  })

  add('post', '/guilds/:guild/channels', 'channel.create', async (request) => {
    const input = parseInput(restInput.createChannel, request.body)
    const foreign = unsupportedField(input.type, input)
    if (foreign) throw foreign
    const channel = channelFrom(context.tools.newId(), request.params.guild!, input)
    const events = await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'channel.create', by: request.userId, channel },
      request,
    )
    return created(channelToWire(firstEvent(events, 'channel.created')?.channel ?? channel))
  })

  add('patch', '/guilds/:guild/channels', 'channel.move', async (request) => {
    const moves = parseInput(restInput.moveChannels, request.body).map((m) => ({
      id: m.id,
      ...(m.position == null ? {} : { position: m.position }),
      ...(m.parent_id === undefined ? {} : { parentId: m.parent_id }),
      ...(m.lock_permissions ? { lockPermissions: true } : {}),
    }))
    await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'channels.move', by: request.userId, moves },
      request,
    )
    return undefined
  })
}

const whole = (guild: Guild, roles: readonly Role[]): object => guildToWire(guild, roles)

/** A guild begins with one role, a channel to write in and one to talk in. */
function newGuild(
  context: Context,
  input: z.output<typeof restInput.createGuild>,
  owner: Member,
): GuildState {
  const id = context.tools.newId()
  const everyone: Role = {
    id,
    name: '@everyone',
    color: 0,
    hoist: false,
    position: 0,
    permissions: DEFAULT_PERMISSIONS.toString(),
    mentionable: false,
  }
  const general = channelFrom(context.tools.newId(), id, { name: 'general', type: 0 })
  const voice: Channel = channelFrom(context.tools.newId(), id, { name: 'General', type: 2 })
  const guild: Guild = {
    v: 1,
    id,
    name: input.name,
    ownerId: owner.user.id,
    description: null,
    systemChannelId: general.id,
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
    channels: new Map([general, voice].map((c) => [c.id, c])),
    members: new Map([[owner.user.id, owner]]),
  }
}

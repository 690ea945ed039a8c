import { Permission } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Overwrite } from '../model.ts'
import {
  channelPermissions,
  guildPermissions,
  hasPermission,
  withOverwrite,
} from '../permissions.ts'
import { channelName, isTextChannel } from './channel-name.ts'
import type {
  ChannelMove,
  ChannelPatch,
  Decision,
  GuildCommand,
  GuildEvent,
  Refusal,
} from './commands.ts'
import { accepted, LIMITS, refused } from './decision.ts'
import {
  changesTargetType,
  channelUpdated,
  childrenOf,
  mayChange,
  onePerTarget,
  overwritePower,
  sameOverwrites,
  unknownTarget,
} from './overwrites.ts'

type ChannelCommand = Extract<
  GuildCommand,
  { type: `channel.${string}` | `channels.${string}` | `overwrite.${string}` }
>

/** Channels and their overwrites. Discord's rules, with those that it leaves open: ADR 23. */
export function decideChannel(state: GuildState, command: ChannelCommand, asker: Member): Decision {
  if (command.type === 'channel.create') return createChannel(state, command.channel, asker)
  if (command.type === 'channels.move') return moveChannels(state, command.moves, asker)
  const channel = state.channels.get(command.channelId)
  if (!channel) return refused('unknown-channel')
  const mine = channelPermissions(state, asker, channel)
  if (!hasPermission(mine, Permission.ViewChannel)) return refused('no-access')
  switch (command.type) {
    case 'channel.edit':
      return editChannel(state, channel, command.patch, asker)
    case 'channel.delete':
      return hasPermission(mine, Permission.ManageChannels)
        ? deleteChannel(state, channel)
        : refused('no-permission')
    case 'overwrite.put':
      return setOverwrites(
        state,
        channel,
        withOverwrite(channel.overwrites, command.overwrite.id, command.overwrite),
        asker,
      )
    case 'overwrite.delete': {
      if (!hasPermission(mine, Permission.ManageRoles)) return refused('no-permission')
      if (!channel.overwrites.some((o) => o.id === command.targetId))
        return refused('unknown-overwrite')
      return setOverwrites(
        state,
        channel,
        withOverwrite(channel.overwrites, command.targetId, undefined),
        asker,
      )
    }
  }
}

function setOverwrites(
  state: GuildState,
  channel: Channel,
  overwrites: readonly Overwrite[],
  asker: Member,
): Decision {
  const wrong = wrongOverwrites(state, channel, overwrites, asker, [
    categoryOf(state, channel.parentId),
  ])
  return wrong
    ? refused(wrong)
    : accepted(...channelUpdated(state, channel, { ...channel, overwrites }))
}

/** A channel begins with its category's overwrites, unless the request gives others. */
function createChannel(state: GuildState, wanted: Channel, asker: Member): Decision {
  const wrong = wrongPlace(state, wanted.parentId, asker)
  if (wrong) return refused(wrong)
  if (state.channels.has(wanted.id)) return accepted()
  if (state.channels.size >= LIMITS.channels) return refused('too-many')
  if (!fits(wanted, wanted.parentId)) return refused('invalid-parent')
  const name = channelName(wanted.type, wanted.name)
  if (name === '') return refused('invalid-name')
  const category = categoryOf(state, wanted.parentId)
  const given = onePerTarget(wanted.overwrites)
  const inherits =
    category !== undefined && (given.length === 0 || sameOverwrites(given, category.overwrites))
  if (!inherits) {
    const power = overwritePower(state, asker, undefined)
    const keys = given.some((o) =>
      hasPermission(BigInt(o.allow) | BigInt(o.deny), Permission.ManageRoles),
    )
    if ((keys && !power.manageRoles) || !mayChange(power, [], given))
      return refused('no-permission')
    const unknown = unknownTarget(state, category?.overwrites ?? [], given)
    if (unknown) return refused(unknown)
  }
  const channel = { ...wanted, name, overwrites: inherits ? category.overwrites : given }
  return accepted({ type: 'channel.created', channel })
}

function editChannel(
  state: GuildState,
  channel: Channel,
  patch: ChannelPatch,
  asker: Member,
): Decision {
  if (!hasPermission(channelPermissions(state, asker, channel), Permission.ManageChannels))
    return refused('no-permission')
  const { type = channel.type, parentId = channel.parentId } = patch
  if (type !== channel.type && !(isTextChannel(type) && isTextChannel(channel.type)))
    return refused('invalid-channel')
  const misplaced = parentId === channel.parentId ? undefined : wrongPlace(state, parentId, asker)
  if (misplaced) return refused(misplaced)
  if (!fits(channel, parentId)) return refused('invalid-parent')
  const name = patch.name === undefined ? channel.name : channelName(type, patch.name)
  if (name === '') return refused('invalid-name')
  const overwrites = patch.overwrites && onePerTarget(patch.overwrites)
  if (overwrites) {
    const categories = [channel.parentId, parentId].map((id) => categoryOf(state, id))
    const wrong = wrongOverwrites(state, channel, overwrites, asker, categories)
    if (wrong) return refused(wrong)
  }
  const after = { ...channel, ...patch, name, overwrites: overwrites ?? channel.overwrites }
  return accepted(...channelUpdated(state, channel, after))
}

/**
 * Each channel that changes is judged by itself, and by the place where it goes. All of them move,
 * or none.
 */
function moveChannels(state: GuildState, moves: readonly ChannelMove[], asker: Member): Decision {
  const manager = hasPermission(guildPermissions(state, asker), Permission.ManageChannels)
  const moved = new Map<string, Channel>()
  /** The state after the moves before. */
  let now = state
  for (const { id, position, parentId, lockPermissions } of moves) {
    const before = now.channels.get(id)
    if (!before) return refused(manager ? 'unknown-channel' : 'no-permission')
    const after = {
      ...before,
      position: position ?? before.position,
      parentId: parentId === undefined ? before.parentId : parentId,
    }
    const category = categoryOf(state, after.parentId)
    const overwrites = lockPermissions && category ? category.overwrites : before.overwrites
    const leaves = after.parentId !== before.parentId
    const locks = !sameOverwrites(overwrites, before.overwrites)
    const mine = channelPermissions(state, asker, before)
    if (!hasPermission(mine, Permission.ViewChannel)) return refused('no-access')
    // Clients name every channel with its place, also those that stay: discord.js does.
    if (manager && !leaves && !locks && after.position === before.position) continue
    if (!hasPermission(mine, Permission.ManageChannels)) return refused('no-permission')
    const wrong =
      (leaves ? wrongPlace(now, after.parentId, asker) : undefined) ??
      (fits(before, after.parentId) ? undefined : 'invalid-parent') ??
      (locks
        ? wrongOverwrites(state, before, overwrites, asker, [
            categoryOf(state, before.parentId),
            category,
          ])
        : undefined)
    if (wrong) return refused(wrong)
    moved.set(id, { ...after, overwrites })
    now = { ...state, channels: new Map([...state.channels, ...moved]) }
  }
  return accepted(
    ...[...moved.values()].map((channel): GuildEvent => ({ type: 'channel.updated', channel })),
  )
}

/**
 * The channel goes last: if the process dies between the writes, repeating the request reaches what
 * still names it.
 */
function deleteChannel(state: GuildState, channel: Channel): Decision {
  const homeless: GuildEvent[] = childrenOf(state, channel).map((c) => ({
    type: 'channel.updated',
    channel: { ...c, parentId: null },
  }))
  return accepted(...homeless, ...withoutChannel(state.guild, channel.id), {
    type: 'channel.deleted',
    channel,
  })
}

/** Why a member may not give a channel these overwrites. */
function wrongOverwrites(
  state: GuildState,
  channel: Channel,
  overwrites: readonly Overwrite[],
  asker: Member,
  categories: readonly (Channel | undefined)[],
): Refusal | undefined {
  if (!hasPermission(channelPermissions(state, asker, channel), Permission.ManageRoles))
    return 'no-permission'
  const power = overwritePower(state, asker, channel, categories)
  if (!mayChange(power, channel.overwrites, overwrites)) return 'no-permission'
  // An id is a role's or a member's for ever, so a changed type only takes the entry away. Members
  // say so by removing it.
  if (!power.manageRoles && changesTargetType(channel.overwrites, overwrites))
    return 'no-permission'
  const known = categories.flatMap((category) => category?.overwrites ?? [])
  const unknown = unknownTarget(state, [...channel.overwrites, ...known], overwrites)
  return unknown ?? (overwrites.length > LIMITS.overwrites ? 'too-many' : undefined)
}

/**
 * Why a member may not put a channel there: a category decides for itself, and the guild for what
 * is in none.
 */
function wrongPlace(
  state: GuildState,
  parentId: string | null,
  asker: Member,
): Refusal | undefined {
  const category = categoryOf(state, parentId)
  const mine = category
    ? channelPermissions(state, asker, category)
    : guildPermissions(state, asker)
  if (category && !hasPermission(mine, Permission.ViewChannel)) return 'no-access'
  if (!hasPermission(mine, Permission.ManageChannels)) return 'no-permission'
  if (parentId !== null && !category) return 'invalid-parent'
  return category && childrenOf(state, category).length >= LIMITS.channelsInCategory
    ? 'full-category'
    : undefined
}

function categoryOf(state: GuildState, parentId: string | null): Channel | undefined {
  const parent = parentId === null ? undefined : state.channels.get(parentId)
  return parent?.type === 4 ? parent : undefined
}

/** Categories do not nest, so there is no ring. */
const fits = ({ type }: Channel, parentId: string | null): boolean =>
  parentId === null || type !== 4

/** A guild does not name a channel that is gone. */
function withoutChannel(guild: Guild, id: string): GuildEvent[] {
  const { systemChannelId, afkChannelId } = guild
  if (systemChannelId !== id && afkChannelId !== id) return []
  const left = (named: string | null): string | null => (named === id ? null : named)
  const after = {
    ...guild,
    systemChannelId: left(systemChannelId),
    afkChannelId: left(afkChannelId),
  }
  return [{ type: 'guild.updated', guild: after }]
}

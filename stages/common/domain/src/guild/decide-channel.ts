import { Permission } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Overwrite } from '../model.ts'
import {
  channelPermissions,
  guildPermissions,
  hasPermission,
  withOverwrite,
} from '../permissions.ts'
import { channelName, isTextChannel } from './channel-name.ts'
import { categoryOf, fits, overwriteRefusal, parentRefusal } from './channel-rules.ts'
import type { ChannelMove, ChannelPatch, Decision, GuildCommand, GuildEvent } from './commands.ts'
import { accepted, LIMITS, refused } from './decision.ts'
import {
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

/**
 * Decides on commands about channels and their overwrites, by Discord's rules. ADR 23 has the rules
 * that Discord leaves open.
 */
export function decideChannel(
  state: GuildState,
  command: ChannelCommand,
  requester: Member,
): Decision {
  if (command.type === 'channel.create') return createChannel(state, command.channel, requester)
  if (command.type === 'channels.move') return moveChannels(state, command.moves, requester)
  const channel = state.channels.get(command.channelId)
  if (!channel) return refused('unknown-channel')
  const permissions = channelPermissions(state, requester, channel)
  if (!hasPermission(permissions, Permission.ViewChannel)) return refused('no-access')
  switch (command.type) {
    case 'channel.edit':
      return editChannel(state, channel, command.patch, requester)
    case 'channel.delete':
      return hasPermission(permissions, Permission.ManageChannels)
        ? deleteChannel(state, channel)
        : refused('no-permission')
    case 'overwrite.put':
      return setOverwrites(
        state,
        channel,
        withOverwrite(channel.overwrites, command.overwrite.id, command.overwrite),
        requester,
      )
    case 'overwrite.delete': {
      if (!hasPermission(permissions, Permission.ManageRoles)) return refused('no-permission')
      if (!channel.overwrites.some((o) => o.id === command.targetId))
        return refused('unknown-overwrite')
      return setOverwrites(
        state,
        channel,
        withOverwrite(channel.overwrites, command.targetId, undefined),
        requester,
      )
    }
  }
}

function setOverwrites(
  state: GuildState,
  channel: Channel,
  overwrites: readonly Overwrite[],
  requester: Member,
): Decision {
  const refusal = overwriteRefusal(state, channel, overwrites, requester, [
    categoryOf(state, channel.parentId),
  ])
  return refusal
    ? refused(refusal)
    : accepted(...channelUpdated(state, channel, { ...channel, overwrites }))
}

/** A new channel starts with the overwrites of its category, unless the request names others. */
function createChannel(state: GuildState, wanted: Channel, requester: Member): Decision {
  const refusal = parentRefusal(state, wanted.parentId, requester)
  if (refusal) return refused(refusal)
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
    const power = overwritePower(state, requester, undefined)
    const grantsManageRoles = given.some((o) =>
      hasPermission(BigInt(o.allow) | BigInt(o.deny), Permission.ManageRoles),
    )
    if ((grantsManageRoles && !power.manageRoles) || !mayChange(power, [], given))
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
  requester: Member,
): Decision {
  if (!hasPermission(channelPermissions(state, requester, channel), Permission.ManageChannels))
    return refused('no-permission')
  const { type = channel.type, parentId = channel.parentId } = patch
  if (type !== channel.type && !(isTextChannel(type) && isTextChannel(channel.type)))
    return refused('invalid-channel')
  const parentProblem =
    parentId === channel.parentId ? undefined : parentRefusal(state, parentId, requester)
  if (parentProblem) return refused(parentProblem)
  if (!fits(channel, parentId)) return refused('invalid-parent')
  const name = patch.name === undefined ? channel.name : channelName(type, patch.name)
  if (name === '') return refused('invalid-name')
  const overwrites = patch.overwrites && onePerTarget(patch.overwrites)
  if (overwrites) {
    const categories = [channel.parentId, parentId].map((id) => categoryOf(state, id))
    const refusal = overwriteRefusal(state, channel, overwrites, requester, categories)
    if (refusal) return refused(refusal)
  }
  const after = { ...channel, ...patch, name, overwrites: overwrites ?? channel.overwrites }
  return accepted(...channelUpdated(state, channel, after))
}

/**
 * Checks each channel that changes against its own permissions and against those of its new
 * category. Either all channels move or none does.
 */
function moveChannels(
  state: GuildState,
  moves: readonly ChannelMove[],
  requester: Member,
): Decision {
  const manager = hasPermission(guildPermissions(state, requester), Permission.ManageChannels)
  const moved = new Map<string, Channel>()
  /** The state after the moves checked so far. */
  let current = state
  for (const { id, position, parentId, lockPermissions } of moves) {
    const before = current.channels.get(id)
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
    const permissions = channelPermissions(state, requester, before)
    if (!hasPermission(permissions, Permission.ViewChannel)) return refused('no-access')
    // Clients such as discord.js list every channel with its position, also those that stay.
    if (manager && !leaves && !locks && after.position === before.position) continue
    if (!hasPermission(permissions, Permission.ManageChannels)) return refused('no-permission')
    const refusal =
      (leaves ? parentRefusal(current, after.parentId, requester) : undefined) ??
      (fits(before, after.parentId) ? undefined : 'invalid-parent') ??
      (locks
        ? overwriteRefusal(state, before, overwrites, requester, [
            categoryOf(state, before.parentId),
            category,
          ])
        : undefined)
    if (refusal) return refused(refusal)
    moved.set(id, { ...after, overwrites })
    current = { ...state, channels: new Map([...state.channels, ...moved]) }
  }
  return accepted(
    ...[...moved.values()].map((channel): GuildEvent => ({ type: 'channel.updated', channel })),
  )
}

/**
 * The channel is deleted last. If the process dies between the writes, a repeated request still
 * finds it, and updates the remaining references.
 */
function deleteChannel(state: GuildState, channel: Channel): Decision {
  const orphaned: GuildEvent[] = childrenOf(state, channel).map((c) => ({
    type: 'channel.updated',
    channel: { ...c, parentId: null },
  }))
  return accepted(...orphaned, ...guildWithoutChannel(state.guild, channel.id), {
    type: 'channel.deleted',
    channel,
  })
}

/** Removes a deleted channel from the settings of the guild. */
function guildWithoutChannel(guild: Guild, id: string): GuildEvent[] {
  const { systemChannelId, afkChannelId } = guild
  if (systemChannelId !== id && afkChannelId !== id) return []
  const cleared = (channelId: string | null): string | null => (channelId === id ? null : channelId)
  const after = {
    ...guild,
    systemChannelId: cleared(systemChannelId),
    afkChannelId: cleared(afkChannelId),
  }
  return [{ type: 'guild.updated', guild: after }]
}

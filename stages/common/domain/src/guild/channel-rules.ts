import { Permission } from '@threshold/contract'
import type { Channel, GuildState, Member, Overwrite } from '../model.ts'
import { channelPermissions, guildPermissions, hasPermission } from '../permissions.ts'
import type { Refusal } from './commands.ts'
import { LIMITS } from './decision.ts'
import {
  changesTargetType,
  childrenOf,
  mayChange,
  overwritePower,
  unknownTarget,
} from './overwrites.ts'

/** Why a member may not set these overwrites, or undefined if they may. */
export function overwriteRefusal(
  state: GuildState,
  channel: Channel,
  overwrites: readonly Overwrite[],
  requester: Member,
  categories: readonly (Channel | undefined)[],
): Refusal | undefined {
  if (!hasPermission(channelPermissions(state, requester, channel), Permission.ManageRoles))
    return 'no-permission'
  const power = overwritePower(state, requester, channel, categories)
  if (!mayChange(power, channel.overwrites, overwrites)) return 'no-permission'
  // An entry whose type changes loses its effect, because an id belongs to a role or to a member
  // for good. Members without MANAGE_ROLES here have to delete it explicitly.
  if (!power.manageRoles && changesTargetType(channel.overwrites, overwrites))
    return 'no-permission'
  const known = categories.flatMap((category) => category?.overwrites ?? [])
  const unknown = unknownTarget(state, [...channel.overwrites, ...known], overwrites)
  return unknown ?? (overwrites.length > LIMITS.overwrites ? 'too-many' : undefined)
}

/**
 * Why a member may not put a channel under this parent, or undefined if they may. They need the
 * permission in the category, or in the guild if there is no category.
 */
export function parentRefusal(
  state: GuildState,
  parentId: string | null,
  requester: Member,
): Refusal | undefined {
  const category = categoryOf(state, parentId)
  const permissions = category
    ? channelPermissions(state, requester, category)
    : guildPermissions(state, requester)
  if (category && !hasPermission(permissions, Permission.ViewChannel)) return 'no-access'
  if (!hasPermission(permissions, Permission.ManageChannels)) return 'no-permission'
  if (parentId !== null && !category) return 'invalid-parent'
  return category && childrenOf(state, category).length >= LIMITS.channelsInCategory
    ? 'full-category'
    : undefined
}

export function categoryOf(state: GuildState, parentId: string | null): Channel | undefined {
  const parent = parentId === null ? undefined : state.channels.get(parentId)
  return parent?.type === 4 ? parent : undefined
}

/** Categories do not nest, so there can be no cycle. */
export const fits = ({ type }: Channel, parentId: string | null): boolean =>
  parentId === null || type !== 4

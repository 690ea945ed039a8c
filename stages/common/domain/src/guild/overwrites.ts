import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import type { Channel, GuildState, Member, Overwrite } from '../model.ts'
import {
  allowedByOverwrites,
  channelPermissions,
  guildPermissions,
  hasPermission,
} from '../permissions.ts'
import type { GuildEvent, Refusal } from './commands.ts'

/** Keeps the last entry of each target. Code that reads the first one cannot miss a second. */
export const onePerTarget = (list: readonly Overwrite[]): readonly Overwrite[] => [
  ...new Map(list.map((o) => [o.id, o])).values(),
]

/** A role and a member with the same id are different targets. */
const keyOf = ({ type, id }: Overwrite): string => `${type}:${id}`
const NOTHING = { allow: '0', deny: '0' }

function* pairs(before: readonly Overwrite[], after: readonly Overwrite[]) {
  const old = new Map(before.map((o) => [keyOf(o), o]))
  const current = new Map(after.map((o) => [keyOf(o), o]))
  for (const key of new Set([...old.keys(), ...current.keys()]))
    yield [old.get(key) ?? NOTHING, current.get(key) ?? NOTHING] as const
}

/** Whether two lists have the same effect. An entry without bits equals no entry. */
export const sameOverwrites = (a: readonly Overwrite[], b: readonly Overwrite[]): boolean =>
  pairs(a, b).every(
    ([left, right]) =>
      BigInt(left.allow) === BigInt(right.allow) && BigInt(left.deny) === BigInt(right.deny),
  )

/** The permissions that a member may change in the overwrites of a channel. */
export interface OverwritePower {
  readonly bits: bigint
  /** Whether the member may also allow MANAGE_ROLES there. */
  readonly manageRoles: boolean
}

/**
 * Discord's rule: a member may change the permissions that they have in the guild or in the
 * category. They may change all of them where an overwrite of the channel itself allows them
 * MANAGE_ROLES. Only administrators and members with such an overwrite may grant another one.
 * Otherwise a manager of roles could allow themselves MANAGE_ROLES first and anything else next.
 */
export function overwritePower(
  state: GuildState,
  member: Member,
  channel: Channel | undefined,
  categories: readonly (Channel | undefined)[] = [],
): OverwritePower {
  const guild = guildPermissions(state, member)
  const manageRoles =
    hasPermission(guild, Permission.Administrator) ||
    (channel !== undefined &&
      hasPermission(allowedByOverwrites(state, member, channel), Permission.ManageRoles))
  if (manageRoles) return { bits: ALL_PERMISSIONS, manageRoles }
  const bits = categories.reduce(
    (all, each) => (each ? all | channelPermissions(state, member, each) : all),
    guild,
  )
  return { bits, manageRoles }
}

/**
 * Whether the power covers every bit that changes. Lifting a denial counts like adding an
 * allowance; otherwise the manager of a channel could lift a denial that keeps them silent.
 * Unchanged entries are not checked.
 */
export const mayChange = (
  power: OverwritePower,
  before: readonly Overwrite[],
  after: readonly Overwrite[],
): boolean =>
  pairs(before, after).every(([old, current]) => {
    const allowed = BigInt(current.allow) & ~BigInt(old.allow)
    if (hasPermission(allowed, Permission.ManageRoles) && !power.manageRoles) return false
    return hasPermission(
      power.bits,
      (BigInt(old.allow) ^ BigInt(current.allow)) | (BigInt(old.deny) ^ BigInt(current.deny)),
    )
  })

export const changesTargetType = (
  before: readonly Overwrite[],
  after: readonly Overwrite[],
): boolean => after.some(({ id, type }) => before.some((o) => o.id === id && o.type !== type))

/**
 * Refuses new entries for roles and members that do not exist. Entries in `known` stay valid, such
 * as one for a member who has left.
 */
export function unknownTarget(
  state: GuildState,
  known: readonly Overwrite[],
  after: readonly Overwrite[],
): Refusal | undefined {
  const keys = new Set(known.map(keyOf))
  for (const overwrite of after) {
    if (keys.has(keyOf(overwrite))) continue
    if (overwrite.type === 0 && !state.roles.has(overwrite.id)) return 'unknown-role'
    if (overwrite.type === 1 && !state.members.has(overwrite.id)) return 'unknown-user'
  }
  return undefined
}

export const childrenOf = (state: GuildState, category: Channel): Channel[] =>
  [...state.channels.values()].filter((channel) => channel.parentId === category.id)

/**
 * The events of a changed channel. If it is a category, children with the same overwrites follow
 * it. Their events come first: if the process dies between the writes, the category still has its
 * old list, and a repeated request updates the remaining children.
 */
export function channelUpdated(state: GuildState, before: Channel, after: Channel): GuildEvent[] {
  const { overwrites } = after
  const changes = before.type === 4 && !sameOverwrites(before.overwrites, overwrites)
  const synced = changes
    ? childrenOf(state, before).filter((child) =>
        sameOverwrites(child.overwrites, before.overwrites),
      )
    : []
  return [...synced.map((child) => ({ ...child, overwrites })), after].map((channel) => ({
    type: 'channel.updated',
    channel,
  }))
}

/** Removes the overwrites of a deleted role from all channels. */
export function withoutRole(state: GuildState, roleId: string): GuildEvent[] {
  const isForRole = (o: Overwrite): boolean => o.type === 0 && o.id === roleId
  return [...state.channels.values()]
    .filter((channel) => channel.overwrites.some(isForRole))
    .map((channel) => ({
      type: 'channel.updated',
      channel: { ...channel, overwrites: channel.overwrites.filter((o) => !isForRole(o)) },
    }))
}

import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import type { Channel, GuildState, Member, Overwrite } from '../model.ts'
import {
  allowedByOverwrites,
  channelPermissions,
  guildPermissions,
  hasPermission,
} from '../permissions.ts'
import type { GuildEvent, Refusal } from './commands.ts'

/**
 * The last entry for each target counts, so that a second one cannot slip past a reader of the
 * first.
 */
export const onePerTarget = (list: readonly Overwrite[]): readonly Overwrite[] => [
  ...new Map(list.map((o) => [o.id, o])).values(),
]

/** A role and a member are different targets, even under one id. */
const keyOf = ({ type, id }: Overwrite): string => `${type}:${id}`
const NOTHING = { allow: '0', deny: '0' }

function* pairs(before: readonly Overwrite[], after: readonly Overwrite[]) {
  const was = new Map(before.map((o) => [keyOf(o), o]))
  const is = new Map(after.map((o) => [keyOf(o), o]))
  for (const key of new Set([...was.keys(), ...is.keys()]))
    yield [was.get(key) ?? NOTHING, is.get(key) ?? NOTHING] as const
}

/** Whether two lists give everybody the same. An entry without a bit says as little as none. */
export const sameOverwrites = (a: readonly Overwrite[], b: readonly Overwrite[]): boolean =>
  pairs(a, b).every(
    ([one, other]) =>
      BigInt(one.allow) === BigInt(other.allow) && BigInt(one.deny) === BigInt(other.deny),
  )

/**
 * Bits that a member may change in a channel's overwrites, and whether they may allow MANAGE_ROLES
 * there.
 */
export interface OverwritePower {
  readonly bits: bigint
  readonly manageRoles: boolean
}

/**
 * Discord's rule: only what the member may do in the guild or in the category, and anything where
 * an overwrite of the channel itself gives them MANAGE_ROLES. That overwrite is the key to the
 * channel, so only administrators and holders of the key hand it out. Without this a manager of
 * roles would allow themselves MANAGE_ROLES first, and anything else next.
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
 * Whether the power covers every bit that changes. Lifting a denial counts as much as adding an
 * allowance: otherwise the manager of a channel could lift what keeps them silent. Entries that
 * stay as they were are not judged.
 */
export const mayChange = (
  power: OverwritePower,
  before: readonly Overwrite[],
  after: readonly Overwrite[],
): boolean =>
  pairs(before, after).every(([was, is]) => {
    const allowed = BigInt(is.allow) & ~BigInt(was.allow)
    if (hasPermission(allowed, Permission.ManageRoles) && !power.manageRoles) return false
    return hasPermission(
      power.bits,
      (BigInt(was.allow) ^ BigInt(is.allow)) | (BigInt(was.deny) ^ BigInt(is.deny)),
    )
  })

export const changesTargetType = (
  before: readonly Overwrite[],
  after: readonly Overwrite[],
): boolean => after.some(({ id, type }) => before.some((o) => o.id === id && o.type !== type))

/**
 * A new entry names a role or a member that is there. An entry of a member who has left stays
 * valid.
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
 * A changed channel. Children that had their category's overwrites take its new ones. They come
 * first: if the process dies between the writes, the category still has its old list, and repeating
 * the request reaches the remaining children.
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

/** Channels that name a role that is gone, without it. */
export function withoutRole(state: GuildState, roleId: string): GuildEvent[] {
  const names = (o: Overwrite): boolean => o.type === 0 && o.id === roleId
  return [...state.channels.values()]
    .filter((channel) => channel.overwrites.some(names))
    .map((channel) => ({
      type: 'channel.updated',
      channel: { ...channel, overwrites: channel.overwrites.filter((o) => !names(o)) },
    }))
}

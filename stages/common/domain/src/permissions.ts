import {
  ALL_PERMISSIONS,
  type ChannelId,
  compareIds,
  Permission,
  type UserId,
} from '@threshold/contract'
import type { Channel, GuildState, Member, Overwrite, Role } from './model.ts'

/**
 * Discord's permission algorithm, pure. Source: Discord's developer documentation, "Permission
 * Overwrites". Order: @everyone's role, the member's roles, then in a channel the overwrite of
 * @everyone, of all roles together (allow wins over deny among them), and of the member last. Owner
 * and administrator stand above all of it.
 */
export function guildPermissions(
  state: Pick<GuildState, 'guild' | 'roles'>,
  member: Pick<Member, 'roles' | 'user'>,
): bigint {
  if (member.user.id === state.guild.ownerId) return ALL_PERMISSIONS
  let bits = bitsOf(state.roles.get(state.guild.id))
  for (const id of member.roles) bits |= bitsOf(state.roles.get(id))
  return (bits & Permission.Administrator) !== 0n ? ALL_PERMISSIONS : bits
}

export function channelPermissions(
  state: Pick<GuildState, 'guild' | 'roles'>,
  member: Pick<Member, 'roles' | 'user'>,
  channel: Channel,
): bigint {
  const base = guildPermissions(state, member)
  if (base === ALL_PERMISSIONS) return base
  const bits = applyOverwrites(base, state, member, channel)
  return implied(bits, channel)
}

/**
 * @everyone's entry, then those of all roles together, then the member's own: each takes its
 * denials away and adds its allowances.
 */
function applyOverwrites(
  base: bigint,
  state: Pick<GuildState, 'guild'>,
  member: Pick<Member, 'roles' | 'user'>,
  { overwrites }: Channel,
): bigint {
  let bits = base
  const everyone = overwrites.find((o) => o.type === 0 && o.id === state.guild.id)
  if (everyone) bits = (bits & ~BigInt(everyone.deny)) | BigInt(everyone.allow)
  let allow = 0n
  let deny = 0n
  for (const o of overwrites) {
    if (o.type !== 0 || o.id === state.guild.id || !member.roles.includes(o.id)) continue
    allow |= BigInt(o.allow)
    deny |= BigInt(o.deny)
  }
  bits = (bits & ~deny) | allow
  const own = overwrites.find((o) => o.type === 1 && o.id === member.user.id)
  return own ? (bits & ~BigInt(own.deny)) | BigInt(own.allow) : bits
}

/**
 * The bits that a channel's overwrites alone give a member, without those of their roles in the
 * guild.
 */
export const allowedByOverwrites = (
  state: Pick<GuildState, 'guild'>,
  member: Pick<Member, 'roles' | 'user'>,
  channel: Channel,
): bigint => applyOverwrites(0n, state, member, channel)

/**
 * Whoever cannot view a channel can do nothing in it; whoever cannot connect to a voice channel
 * can't speak, and whoever cannot send can't attach or mention either. Each by itself, so that an
 * allowance never takes anything away.
 */
function implied(bits: bigint, channel: Channel): bigint {
  if ((bits & Permission.ViewChannel) === 0n) return 0n
  let left = bits
  if (channel.type === 2 && (bits & Permission.Connect) === 0n)
    left &= ~(Permission.Speak | Permission.Stream)
  if ((bits & Permission.SendMessages) === 0n)
    left &= ~(
      Permission.MentionEveryone |
      Permission.SendTTSMessages |
      Permission.AttachFiles |
      Permission.EmbedLinks
    )
  return left
}

export const hasPermission = (bits: bigint, permission: bigint): boolean =>
  (bits & permission) === permission

/**
 * Whether somebody has all these permissions in a channel; nobody has any in one that is not there.
 */
export function can(
  state: GuildState,
  userId: UserId,
  channelId: ChannelId,
  permission: bigint,
): boolean {
  const member = state.members.get(userId)
  const channel = state.channels.get(channelId)
  return (
    member !== undefined &&
    channel !== undefined &&
    hasPermission(channelPermissions(state, member, channel), permission)
  )
}

export const canView = (state: GuildState, userId: UserId, channelId: ChannelId): boolean =>
  can(state, userId, channelId, Permission.ViewChannel)

type Hierarchy = Pick<GuildState, 'guild' | 'roles'>
type Ranked = Pick<Member, 'roles' | 'user'>

/** Of two roles at the same position the older one is higher, as Discord has it. */
export const outranks = (a: Role | undefined, b: Role | undefined): boolean =>
  a !== undefined &&
  (b === undefined ||
    a.position > b.position ||
    (a.position === b.position && compareIds(a.id, b.id) < 0))

/** The role that decides a member's place; undefined for who has none but @everyone. */
export function highestRole(state: Hierarchy, member: Ranked): Role | undefined {
  let top: Role | undefined
  for (const id of member.roles) {
    const role = state.roles.get(id)
    if (outranks(role, top)) top = role
  }
  return top
}

/**
 * Only what stands below a member may be given, taken or changed by them. The owner stands above
 * all.
 */
export const isAboveRole = (state: Hierarchy, member: Ranked, role: Role): boolean =>
  member.user.id === state.guild.ownerId || outranks(highestRole(state, member), role)

export const isAboveMember = (state: Hierarchy, member: Ranked, other: Ranked): boolean =>
  other.user.id !== state.guild.ownerId &&
  (member.user.id === state.guild.ownerId ||
    outranks(highestRole(state, member), highestRole(state, other)))

/** A new overwrite list with one entry put or, without a value, taken out. */
export function withOverwrite(
  list: readonly Overwrite[],
  id: string,
  value: Overwrite | undefined,
): readonly Overwrite[] {
  const others = list.filter((o) => o.id !== id)
  return value === undefined ? others : [...others, value]
}

const bitsOf = (role: Role | undefined): bigint =>
  role === undefined ? 0n : BigInt(role.permissions)

import {
  ALL_PERMISSIONS,
  type ChannelId,
  compareIds,
  Permission,
  type UserId,
} from '@threshold/contract'
import type { Channel, GuildState, Member, Overwrite, Role } from './model.ts'

/**
 * A member's permissions in the guild: those of @everyone and of the member's roles together.
 * Owner and administrators have all permissions. Source: Discord's developer documentation,
 * "Permission Overwrites".
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

/**
 * A member's permissions in a channel: those in the guild, changed by the channel's overwrites.
 * Overwrites do not restrict owner and administrators.
 */
export function channelPermissions(
  state: Pick<GuildState, 'guild' | 'roles'>,
  member: Pick<Member, 'roles' | 'user'>,
  channel: Channel,
): bigint {
  const base = guildPermissions(state, member)
  if (base === ALL_PERMISSIONS) return base
  const bits = applyOverwrites(base, state, member, channel)
  return withoutUnusable(bits, channel)
}

/**
 * Applies the entry of @everyone first, then those of all roles together (allow wins over deny
 * among them), then the member's own. Each removes what it denies and adds what it allows.
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

/** The permissions that a member has through the overwrites of a channel alone. */
export const allowedByOverwrites = (
  state: Pick<GuildState, 'guild'>,
  member: Pick<Member, 'roles' | 'user'>,
  channel: Channel,
): bigint => applyOverwrites(0n, state, member, channel)

/**
 * Removes permissions that need another one which is missing. A member who cannot view a channel
 * can do nothing in it. A member who cannot connect cannot speak, and one who cannot send cannot
 * attach or mention. Each rule removes permissions by itself, so an added one never removes
 * another.
 */
function withoutUnusable(bits: bigint, channel: Channel): bigint {
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

/** Whether `bits` contain all bits of `permission`. */
export const hasPermission = (bits: bigint, permission: bigint): boolean =>
  (bits & permission) === permission

/** Whether a user has all these permissions in a channel. False if either does not exist. */
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

/** Whether role `a` is higher. The older of two roles at the same position is, as at Discord. */
export const outranks = (a: Role | undefined, b: Role | undefined): boolean =>
  a !== undefined &&
  (b === undefined ||
    a.position > b.position ||
    (a.position === b.position && compareIds(a.id, b.id) < 0))

/** The member's highest role; undefined for a member who has only @everyone. */
export function highestRole(state: Hierarchy, member: Ranked): Role | undefined {
  let top: Role | undefined
  for (const id of member.roles) {
    const role = state.roles.get(id)
    if (outranks(role, top)) top = role
  }
  return top
}

/** Whether the member may assign and change the role. The owner is above all roles. */
export const isAboveRole = (state: Hierarchy, member: Ranked, role: Role): boolean =>
  member.user.id === state.guild.ownerId || outranks(highestRole(state, member), role)

export const isAboveMember = (state: Hierarchy, member: Ranked, other: Ranked): boolean =>
  other.user.id !== state.guild.ownerId &&
  (member.user.id === state.guild.ownerId ||
    outranks(highestRole(state, member), highestRole(state, other)))

/** The list with the entry of this id replaced by `value`, or removed if `value` is undefined. */
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

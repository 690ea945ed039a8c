import type { Channel, ChannelType, Guild, Member, Role, User } from '@threshold/domain'
import { long, text } from './database.ts'

export interface UserDocument {
  _id: bigint
  v: 1
  username: string
  bot: boolean
}

/** Roles are keyed by id, so that one can change without rewriting the others. */
export interface GuildDocument
  extends Omit<Guild, 'id' | 'ownerId' | 'systemChannelId' | 'afkChannelId'> {
  _id: bigint
  ownerId: bigint
  systemChannelId: bigint | null
  afkChannelId: bigint | null
  roles: Record<string, Role>
}

export interface ChannelDocument {
  _id: bigint
  v: 1
  type: ChannelType
  guildId?: bigint
  name: string
  topic: string | null
  position: number
  parentId: bigint | null
  nsfw: boolean
  rateLimitPerUser: number
  overwrites: { id: bigint; type: 0 | 1; allow: string; deny: string }[]
  bitrate?: number
  userLimit?: number
  recipients?: bigint[]
  /**
   * Only for direct messages: both user ids in order. Its unique index gives two users who open the
   * channel at the same time the same one.
   */
  pair?: string
}

export interface MemberDocument {
  /** `guild:user`. */
  _id: string
  v: 1
  guildId: bigint
  userId: bigint
  username: string
  bot: boolean
  nick: string | null
  roles: bigint[]
  joinedAt: Date
  mute: boolean
  deaf: boolean
  /** Absent for permanent members, so that the sparse index stays small. */
  temporary?: true
}

export interface InviteDocument {
  _id: string
  v: 1
  guildId: bigint
  channelId: bigint
  inviterId: bigint
  createdAt: Date
  maxAge: number
  maxUses: number
  temporary: boolean
  uses: number
  expiresAt?: Date
}

export const toUserDocument = (user: User): UserDocument => ({
  _id: long(user.id),
  v: 1,
  username: user.username,
  bot: user.bot,
})
export const fromUserDocument = (d: UserDocument): User => ({
  v: 1,
  id: text(d._id),
  username: d.username,
  bot: d.bot,
})

const nullableLong = (id: string | null): bigint | null => (id === null ? null : long(id))
const nullableText = (id: bigint | null): string | null => (id === null ? null : text(id))

export function toGuildDocument(guild: Guild, roles: readonly Role[]): GuildDocument {
  const { id, ownerId, systemChannelId, afkChannelId, ...rest } = guild
  return {
    _id: long(id),
    ...rest,
    ownerId: long(ownerId),
    systemChannelId: nullableLong(systemChannelId),
    afkChannelId: nullableLong(afkChannelId),
    roles: Object.fromEntries(roles.map((r) => [r.id, r])),
  }
}

export function fromGuildDocument(document: GuildDocument): { guild: Guild; roles: Role[] } {
  const { _id, ownerId, systemChannelId, afkChannelId, roles, ...rest } = document
  const guild: Guild = {
    ...rest,
    id: text(_id),
    ownerId: text(ownerId),
    systemChannelId: nullableText(systemChannelId),
    afkChannelId: nullableText(afkChannelId),
  }
  return { guild, roles: Object.values(roles) }
}

export function toChannelDocument(channel: Channel): ChannelDocument {
  const { id, guildId, parentId, overwrites, recipients, ...rest } = channel
  return {
    _id: long(id),
    ...rest,
    ...(guildId === undefined ? {} : { guildId: long(guildId) }),
    parentId: nullableLong(parentId),
    overwrites: overwrites.map((o) => ({ ...o, id: long(o.id) })),
    ...(recipients === undefined ? {} : { recipients: recipients.map(long) }),
  }
}

export function fromChannelDocument(document: ChannelDocument): Channel {
  const { _id, guildId, parentId, overwrites, recipients, pair, ...rest } = document
  return {
    ...rest,
    id: text(_id),
    ...(guildId === undefined ? {} : { guildId: text(guildId) }),
    parentId: nullableText(parentId),
    overwrites: overwrites.map((o) => ({ ...o, id: text(o.id) })),
    ...(recipients === undefined ? {} : { recipients: recipients.map(text) }),
  }
}

export const toMemberDocument = (guildId: string, member: Member): MemberDocument => ({
  _id: `${guildId}:${member.user.id}`,
  v: 1,
  guildId: long(guildId),
  userId: long(member.user.id),
  username: member.user.username,
  bot: member.user.bot,
  nick: member.nick,
  roles: member.roles.map(long),
  joinedAt: new Date(member.joinedAt),
  mute: member.mute,
  deaf: member.deaf,
  ...(member.temporary ? { temporary: true } : {}),
})

export const fromMemberDocument = (d: MemberDocument): Member => ({
  user: { v: 1, id: text(d.userId), username: d.username, bot: d.bot },
  nick: d.nick,
  roles: d.roles.map(text),
  joinedAt: d.joinedAt.getTime(),
  mute: d.mute,
  deaf: d.deaf,
  ...(d.temporary ? { temporary: true } : {}),
})

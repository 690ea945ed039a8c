import type { ChannelId, GuildId, MessageId, RoleId, Snowflake, UserId } from '@threshold/contract'

/**
 * Every persisted shape carries `v`: a reader takes its own version and the one before, so that
 * code can roll.
 */
export interface User {
  readonly v: 1
  readonly id: UserId
  readonly username: string
  readonly bot: boolean
}

export interface Role {
  readonly id: RoleId
  readonly name: string
  readonly color: number
  readonly hoist: boolean
  readonly position: number
  /** A decimal string: 64 bits do not fit a JSON number. */
  readonly permissions: string
  readonly mentionable: boolean
}

/** What a channel allows or denies on top of the roles. */
export interface Overwrite {
  /** A role's or a user's id. */
  readonly id: Snowflake
  /** 0 role, 1 member. */
  readonly type: 0 | 1
  readonly allow: string
  readonly deny: string
}

/** Types of the contract: 0 text, 1 direct message, 2 voice, 4 category, 5 announcement. */
export type ChannelType = 0 | 1 | 2 | 4 | 5

export interface Channel {
  readonly v: 1
  readonly id: ChannelId
  readonly type: ChannelType
  /** Absent in a direct message. */
  readonly guildId?: GuildId
  readonly name: string
  readonly topic: string | null
  readonly position: number
  readonly parentId: ChannelId | null
  readonly nsfw: boolean
  readonly rateLimitPerUser: number
  readonly overwrites: readonly Overwrite[]
  /** Voice channels alone. */
  readonly bitrate?: number
  readonly userLimit?: number
  /** Direct messages alone: both users, in id order. */
  readonly recipients?: readonly UserId[]
}

export interface Member {
  readonly user: User
  readonly nick: string | null
  readonly roles: readonly RoleId[]
  /** Milliseconds since the Unix epoch. */
  readonly joinedAt: number
  readonly mute: boolean
  readonly deaf: boolean
  /** Ends when the member goes offline. Absent once the member was given a role. */
  readonly temporary?: true
}

export interface Guild {
  readonly v: 1
  readonly id: GuildId
  readonly name: string
  readonly ownerId: UserId
  readonly description: string | null
  readonly systemChannelId: ChannelId | null
  readonly afkChannelId: ChannelId | null
  readonly afkTimeout: number
  readonly verificationLevel: number
  readonly defaultMessageNotifications: number
  readonly explicitContentFilter: number
  readonly preferredLocale: string
}

/**
 * All that decides who may do what in a guild. One owner holds it in memory; a store holds it for
 * good.
 */
export interface GuildState {
  readonly guild: Guild
  readonly roles: ReadonlyMap<RoleId, Role>
  readonly channels: ReadonlyMap<ChannelId, Channel>
  readonly members: ReadonlyMap<UserId, Member>
}

export interface Invite {
  readonly v: 1
  readonly code: string
  readonly guildId: GuildId
  readonly channelId: ChannelId
  readonly inviterId: UserId
  readonly createdAt: number
  /** Seconds; 0 is forever. */
  readonly maxAge: number
  readonly maxUses: number
  /** How often it was used so far. */
  readonly uses: number
  readonly temporary: boolean
}

/** A message as every stage keeps it; the wire shape is made from it by the REST layer. */
export interface StoredMessage {
  readonly v: 1
  readonly id: MessageId
  readonly channelId: ChannelId
  readonly authorId: UserId
  /**
   * 0 to 2,000 code points; the contract checks it, not the store. Empty only where there are
   * embeds.
   */
  readonly content: string
  /**
   * Microseconds since the Unix epoch, from the writer's hybrid clock. A backfill keeps it, so the
   * newer write wins wherever both land.
   */
  readonly writeTimeMicros: bigint
  /** Milliseconds since the Unix epoch. */
  readonly editedAt?: number
  /** 0 plain, 19 reply. Only set fields are written: an unset column is a tombstone in stage 2. */
  readonly type: 0 | 19
  readonly tts?: boolean
  /** A bigint where it is an integer beyond 2^53. */
  readonly nonce?: string | number | bigint
  readonly flags?: number
  readonly mentions?: readonly UserId[]
  readonly mentionRoles?: readonly RoleId[]
  readonly mentionEveryone?: boolean
  readonly embeds?: readonly object[]
  readonly reference?: { readonly messageId: MessageId; readonly channelId: ChannelId }
}

/** A Unicode emoji, or a custom one as `name:id`. */
export type Emoji = string

export interface Reaction {
  readonly v: 1
  readonly channelId: ChannelId
  readonly messageId: MessageId
  readonly emoji: Emoji
  readonly userId: UserId
  readonly writeTimeMicros: bigint
}

export interface ReactionCount {
  readonly emoji: Emoji
  readonly count: number
  /** Whether the one who asks has reacted. */
  readonly me: boolean
}

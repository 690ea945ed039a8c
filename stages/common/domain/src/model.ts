import type { ChannelId, GuildId, MessageId, RoleId, Snowflake, UserId } from '@threshold/contract'

/**
 * Every stored type carries its version `v`. A reader accepts its own version and the one before,
 * so that two versions of the code can run during a rolling deploy.
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
  /** A decimal string, because a JSON number cannot hold 64 bits. */
  readonly permissions: string
  readonly mentionable: boolean
}

/** Permissions that a channel allows or denies to one role or member, on top of the roles. */
export interface Overwrite {
  /** A role's or a user's id. */
  readonly id: Snowflake
  /** 0 role, 1 member. */
  readonly type: 0 | 1
  readonly allow: string
  readonly deny: string
}

/** Discord's numbers: 0 text, 1 direct message, 2 voice, 4 category, 5 announcement. */
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
  /** Only in voice channels. */
  readonly bitrate?: number
  readonly userLimit?: number
  /** Only in direct messages: both users, by ascending id. */
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
  /** The membership ends when the member goes offline. Removed with the first role. */
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
 * Everything that decides on permissions in a guild. Its owner keeps it in memory, and the metadata
 * store keeps it durably.
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
  /** The number of uses so far. */
  readonly uses: number
  readonly temporary: boolean
}

/** A message as every stage stores it. The REST layer makes the wire format from it. */
export interface StoredMessage {
  readonly v: 1
  readonly id: MessageId
  readonly channelId: ChannelId
  readonly authorId: UserId
  /**
   * 0 to 2,000 code points; the contract checks that, not the store. Empty only in a message with
   * embeds.
   */
  readonly content: string
  /**
   * Microseconds since the Unix epoch, from the writer's hybrid clock. A backfill copies it, so
   * that the newer write wins in every store.
   */
  readonly writeTimeMicros: bigint
  /** Milliseconds since the Unix epoch. */
  readonly editedAt?: number
  /**
   * 0 plain, 19 reply. The optional fields below are written only if they are set: in stage 2 a
   * null column costs a tombstone.
   */
  readonly type: 0 | 19
  readonly tts?: boolean
  /** A bigint if it is an integer beyond 2^53. */
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
  /** Whether the viewer has reacted. */
  readonly me: boolean
}

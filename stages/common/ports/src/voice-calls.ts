import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Deadline } from '@threshold/kit'

/** A user that the gateway lets into a call: the channel, and the user's gateway session. */
export interface Admission {
  readonly guildId: GuildId
  readonly channelId: ChannelId
  readonly userId: UserId
  readonly sessionId: string
  /** The user may listen, but not speak: a moderator muted them, or they lack the permission. */
  readonly muted?: boolean
}

/** The contents of VOICE_SERVER_UPDATE. */
export interface VoiceServerInfo {
  /** Valid for one Identify on the voice socket. */
  readonly token: string
  /** `host:port` of the voice socket. */
  readonly endpoint: string
}

/**
 * Tells the voice server who may be in which call. It relies on the caller for that. A user has at
 * most one place in a guild. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED` only. Calls that one
 * caller makes about the same user take effect in order.
 */
export interface VoiceCalls {
  /**
   * Admits a user who joins or moves. If the user was in another channel of the guild, that voice
   * socket closes with 4014. Admitting a user again to the same channel gives another token.
   */
  admit(admission: Admission, deadline: Deadline): Promise<VoiceServerInfo>
  /**
   * Mutes a user on behalf of a moderator, or ends that. Users who mute themselves send no packets,
   * and need no call. Has no effect on a user without a place.
   */
  setMuted(guild: GuildId, user: UserId, muted: boolean, deadline: Deadline): Promise<void>
  /** Ends a user's call: they left, were kicked, or the channel was deleted. Idempotent. */
  dismiss(guild: GuildId, user: UserId, deadline: Deadline): Promise<void>
}

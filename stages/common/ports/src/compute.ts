import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildState, Member } from '@threshold/domain'

/**
 * The four computations that stage 4 does in Rust. They are ports from stage 1 on, so that stage 4
 * only exchanges adapters, and both implementations can be measured on the same input. They do no
 * input or output and cannot fail.
 */

/** Permissions of many users in one channel at once, as a role change needs them. Pure. */
export interface Permissions {
  /** Those of `users` who can view the channel. */
  viewers(state: GuildState, channel: ChannelId, users: Iterable<UserId>): ReadonlySet<UserId>
}

/** The members of one guild, ordered by id for pages and by name for prefix queries. */
export interface MemberList {
  /** Adds the member, or replaces the one with this user id. */
  put(member: Member): void
  remove(user: UserId): void
  readonly size: number
  /** Up to `limit` members with ids after `after`, in ascending order. */
  page(after: UserId, limit: number): Member[]
  /**
   * Up to `limit` members whose nick or username starts with `prefix`, ignoring case. Ordered by
   * the matching name, then by id.
   */
  startingWith(prefix: string, limit: number): Member[]
}

/** A dispatch encoded once for all sessions. Only its sequence number `s` differs between them. */
export interface EncodedEvent {
  /** The bytes before the sequence number. */
  readonly head: Uint8Array
  /** The bytes after it. */
  readonly tail: Uint8Array
}

export interface EventEncoder {
  /** Encodes the data as it is now; later changes to the object have no effect. */
  encode(type: string, data: object): EncodedEvent
  /** The same for data that is JSON in UTF-8 already, which is not parsed. */
  encodeJson(type: string, json: Uint8Array): EncodedEvent
  /**
   * One session's frame: head, the digits of the sequence number, tail. A caller that sends many
   * frames may also write the three parts itself.
   */
  frame(event: EncodedEvent, sequence: number): Uint8Array
}

export interface AnalyticsSnapshot {
  readonly messages: number
  readonly activeUsers: number
  /** Ten channels or fewer, the busiest first. */
  readonly busiestChannels: readonly { readonly channelId: ChannelId; readonly messages: number }[]
}

/**
 * Activity over the last few minutes. Stage 1 counts exactly and bounds its memory; stage 4 uses
 * sketches.
 */
export interface Analytics {
  record(message: { readonly channelId: ChannelId; readonly authorId: UserId }): void
  snapshot(): AnalyticsSnapshot
}

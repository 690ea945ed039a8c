import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildState, Member } from '@threshold/domain'

/**
 * The four computations that stage 4 does in Rust. They exist from stage 1 on, in TypeScript, so
 * that a later stage exchanges an adapter and nothing else, and so that both can be measured on the
 * same input. All are pure or in memory.
 */

/**
 * Whole-guild permission computation: everybody in one channel at once, which is what a role change
 * asks for.
 */
export interface Permissions {
  /** Who of `users` can view the channel. */
  viewers(state: GuildState, channel: ChannelId, users: Iterable<UserId>): ReadonlySet<UserId>
}

/**
 * A guild's members in the orders people ask for them: by id for pages, by name for prefix queries.
 */
export interface MemberList {
  put(member: Member): void
  remove(user: UserId): void
  readonly size: number
  /** By id, ascending, after a given one. */
  page(after: UserId, limit: number): Member[]
  /**
   * Whose nick or username starts with `prefix`, without regard to case; by that name, then by id.
   */
  startingWith(prefix: string, limit: number): Member[]
}

/** A dispatch made once for everybody: only `s` differs between sessions. */
export interface EncodedEvent {
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

export interface EventEncoder {
  encode(type: string, data: object): EncodedEvent
  /**
   * The frame of one session: head, the digits of its number, tail. Who sends many may put them in
   * by itself.
   */
  frame(event: EncodedEvent, sequence: number): Uint8Array
}

export interface AnalyticsSnapshot {
  readonly messages: number
  readonly activeUsers: number
  readonly busiestChannels: readonly { readonly channelId: ChannelId; readonly messages: number }[]
}

/**
 * Who is active where, over the last few minutes. Exact here, with a bound; stage 4 uses sketches.
 */
export interface Analytics {
  record(message: { readonly channelId: ChannelId; readonly authorId: UserId }): void
  snapshot(): AnalyticsSnapshot
}

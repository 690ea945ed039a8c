import type { ChannelId, MessageId } from '@threshold/contract'
import type { Reaction, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { RangeBounds } from './ranges.ts'
import type { BatchLimit } from './sizes.ts'

export interface MessageKey {
  readonly channelId: ChannelId
  readonly id: MessageId
}

/** A message with what its store keeps beside it. */
export interface MessageRow {
  readonly message: StoredMessage
  /** The key of the nonce that it was sent with. */
  readonly dedupe?: string | undefined
  /** A user has reacted to it at some time. */
  readonly reacted?: boolean
}

/** A message's key, and the nonce that must remember its deletion. */
export interface DeletedMessage extends MessageKey {
  readonly dedupe?: string | undefined
}

/** A message that a store has, without its content. */
export type ExistingMessage = DeletedMessage

export interface Nonce {
  readonly key: string
  readonly id: MessageId
  /** Its message was deleted: a retry must not bring it back. */
  readonly deleted: boolean
}

export interface PutOptions {
  /** Write explicit nulls for what an edit emptied. A null is a tombstone in Cassandra. */
  readonly edited: boolean
  /**
   * Replace an older row and never add one. Used where a store forgets deletes: the row may have
   * been deleted a moment ago.
   */
  readonly onlyIfPresent?: boolean
}

/**
 * Each store of a move implements this beside its `MessageStore`, whether it is the primary or the
 * replica: rows as they are stored, put where an older or a newer one may already be. Every write
 * may be repeated and may arrive late, since the larger write time wins.
 *
 * Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED` where a later try may succeed.
 */
export interface MigrationPort {
  /**
   * A deleted message stays deleted, whatever is put after it. Where this is false, a caller that
   * puts a row must check afterwards whether the message was deleted meanwhile.
   */
  readonly remembersDeletes: boolean
  /** The error code with which this store refuses a statement until its setup is changed. */
  readonly refusalCode?: string
  rows(keys: readonly MessageKey[], deadline: Deadline): Promise<MessageRow[]>
  /** Selects the messages that are there. Their content is not read: a hundred may be 24 MB. */
  existing(keys: readonly MessageKey[], deadline: Deadline): Promise<ExistingMessage[]>
  /** Rejects with `ROW_REFUSED`, and names the message, where this store will never take a row. */
  put(rows: readonly MessageRow[], deadline: Deadline, options: PutOptions): Promise<void>
  /** Deletes messages with their reactions, whether they are here or not. */
  delete(messages: readonly DeletedMessage[], deadline: Deadline): Promise<void>
  nonce(key: string, deadline: Deadline): Promise<Nonce | undefined>
  putNonces(nonces: readonly Nonce[], deadline: Deadline): Promise<void>
  reaction(reaction: Reaction, deadline: Deadline): Promise<Reaction | undefined>
  /**
   * Sorted by message, emoji and user, behind `after`: at most `REACTIONS_PAGE`, and fewer only
   * when there are no more. One message may have more than a deadline or a process can hold.
   */
  reactionsOn(
    keys: readonly MessageKey[],
    deadline: Deadline,
    after?: Reaction,
  ): Promise<Reaction[]>
  putReactions(
    reactions: readonly Reaction[],
    deadline: Deadline,
    options?: Pick<PutOptions, 'onlyIfPresent'>,
  ): Promise<void>
  /** The write time of the latest remembered delete of a reaction on this message, or later. */
  reactionsDeletedAt(key: MessageKey, deadline: Deadline): Promise<bigint | undefined>
  /** Deletes each at its own write time: a newer one stays. */
  deleteReactions(reactions: readonly Reaction[], deadline: Deadline): Promise<void>
}

/** The store that a backfill reads. */
export interface MigrationSource extends MigrationPort {
  /** All that there is, in ranges to be scanned side by side. `about` estimates the rows. */
  ranges(deadline: Deadline): Promise<{ about: number; ranges: RangeBounds[] }>
  /** The rows of a range from its cursor on, until there are so many or they are so large. */
  scan(range: ScannedRange, limit: BatchLimit, deadline: Deadline): Promise<RowScan>
  /** The nonces that still count and were first used before a time. */
  nonces(before: Date, deadline: Deadline): Promise<Nonce[]>
}

/** The store that data goes to. */
export interface MigrationTarget extends MigrationPort {
  /** Any message, of this move or not. */
  hasMessages(deadline: Deadline): Promise<boolean>
  /** All that it may hold, in ranges to be scanned side by side. */
  ranges(about: number): RangeBounds[]
  /** The keys of a range from its cursor on, at most so many. */
  scanKeys(range: ScannedRange, limit: number, deadline: Deadline): Promise<KeyScan>
}

/** A cursor is the replica's own, as text. It must hold for another process too. */
export interface ScannedRange {
  readonly from: string
  readonly to: string
  readonly cursor: string | null
}

export interface RowScan {
  readonly rows: MessageRow[]
  readonly cursor: string | null
  readonly done: boolean
}

export interface KeyScan {
  readonly keys: MessageKey[]
  /** Rows that hold no message, such as the mark of a reaction to a message deleted since. */
  readonly ghosts: MessageKey[]
  readonly cursor: string | null
  readonly done: boolean
}

export const REACTIONS_PAGE = 10_000

export const messageKey = ({ channelId, id }: StoredMessage): MessageKey => ({ channelId, id })
export const reactionKey = ({ messageId, emoji, userId }: Reaction): string =>
  `${messageId}:${emoji}:${userId}`

/**
 * Splits messages by what a page of reactions behind `after` still needs of them: the rest of one
 * message's reactions (`part`), and all reactions of those that follow (`whole`).
 */
export function messagesAfter(
  keys: readonly MessageKey[],
  after: Reaction | undefined,
): { part: MessageKey[]; whole: MessageKey[] } {
  const sorted = keys.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
  if (after === undefined) return { part: [], whole: sorted }
  const last = BigInt(after.messageId)
  return {
    part: sorted.filter(({ id }) => id === after.messageId),
    whole: sorted.filter(({ id }) => BigInt(id) > last),
  }
}

import type { ChannelId, MessageId } from '@threshold/contract'
import type { Reaction, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

export interface MessageKey {
  readonly channelId: ChannelId
  readonly id: MessageId
}

/** A message with what its store keeps beside it: the key of the nonce it was sent with. */
export interface Row {
  readonly message: StoredMessage
  readonly dedupe?: string | undefined
  /** Somebody has reacted at some time. */
  readonly reacted?: boolean
}

export interface Gone extends MessageKey {
  readonly dedupe?: string | undefined
}

export interface Nonce {
  readonly key: string
  readonly id: MessageId
  readonly gone: boolean
}

export interface PutOptions {
  /** Rows that were never edited need no nulls, and each null is a tombstone in Cassandra. */
  readonly edited: boolean
  /**
   * Only in the place of an older one that is there, where deletes are not remembered: it may have
   * been deleted a moment ago.
   */
  readonly present?: boolean
}

/**
 * What both stores offer to a move, beyond their port: rows as they are, put where they may be
 * already or where a newer one is. Each of these may be repeated, and may arrive late: what has the
 * larger write time stays.
 */
export interface Movable {
  /**
   * A deleted message stays deleted, whatever is put after it. Where that is not so, whoever puts a
   * row looks afterwards whether it has been deleted meanwhile.
   */
  readonly remembersDeletes: boolean
  rows(keys: readonly MessageKey[], deadline: Deadline): Promise<Row[]>
  /**
   * Those of these messages that are there, without what is in them: a hundred messages may be 24
   * MB.
   */
  existing(keys: readonly MessageKey[], deadline: Deadline): Promise<Gone[]>
  /** Rejects with `ROW_REFUSED`, and names the message, where this store will never take a row. */
  put(rows: readonly Row[], deadline: Deadline, options: PutOptions): Promise<void>
  /** Messages with their reactions, whether they are here or not. */
  erase(gone: readonly Gone[], deadline: Deadline): Promise<void>
  nonce(key: string, deadline: Deadline): Promise<Nonce | undefined>
  putNonces(nonces: readonly Nonce[], deadline: Deadline): Promise<void>
  reaction(reaction: Reaction, deadline: Deadline): Promise<Reaction | undefined>
  /**
   * By message, emoji and user, those behind `after`: at most `REACTIONS_PAGE`, and fewer only when
   * there are no more. One message may have more than a deadline or a process can hold.
   */
  reactionsOn(
    keys: readonly MessageKey[],
    deadline: Deadline,
    after?: Reaction,
  ): Promise<Reaction[]>
  putReactions(
    reactions: readonly Reaction[],
    deadline: Deadline,
    options?: Pick<PutOptions, 'present'>,
  ): Promise<void>
  /** At least the write time of the latest remembered delete of a reaction on this message. */
  reactionsErasedAt(key: MessageKey, deadline: Deadline): Promise<bigint | undefined>
  /** Each at its own write time: one that is newer stays. */
  eraseReactions(reactions: readonly Reaction[], deadline: Deadline): Promise<void>
}

export const REACTIONS_PAGE = 10_000

export const keyOf = ({ channelId, id }: StoredMessage): MessageKey => ({ channelId, id })
export const reactionKey = ({ messageId, emoji, userId }: Reaction): string =>
  `${messageId}:${emoji}:${userId}`

/**
 * The messages of which a page of reactions behind `after` is: that one's own, of which some are
 * known, and those that follow.
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

import type { ChannelId, MessageId, UserId } from '@threshold/contract'
import type { Emoji, Reaction, ReactionCount, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/** Where a page of history starts. Pages are newest first, whichever anchor was given. */
export type Anchor =
  | { readonly at: 'latest' }
  | { readonly at: 'before' | 'after' | 'around'; readonly id: MessageId }

/** Identifies a send: two sends with the same key are one send and its retry. */
export interface DedupeKey {
  readonly authorId: UserId
  readonly channelId: ChannelId
  readonly nonce: string
}

/**
 * The outcome of an insert.
 * - `inserted`: the message is stored.
 * - `duplicate`: the send was stored before. `message` is the stored one, with which a retry is
 *   answered.
 * - `taken`: another message has this id. Nothing was stored; the sender retries with a new id.
 */
export interface InsertResult {
  readonly outcome: 'inserted' | 'duplicate' | 'taken'
  readonly message: StoredMessage
}

export interface MessageEdit {
  readonly id: MessageId
  readonly channelId: ChannelId
  /** The fields to change. Absent fields keep their values. */
  readonly set: Partial<
    Pick<
      StoredMessage,
      'content' | 'embeds' | 'flags' | 'mentions' | 'mentionRoles' | 'mentionEveryone' | 'editedAt'
    >
  >
  readonly writeTimeMicros: bigint
}

/** The author of a message, without its content. */
export interface MessageSender {
  readonly id: MessageId
  readonly authorId: UserId
  /** The nonce, if the message was sent with a dedupe key. A send with the same one is a retry. */
  readonly dedupeNonce?: string
}

/**
 * Stores messages by channel, in snowflake order, and the reactions to them.
 *
 * Guarantees: of two writes to one message the one with the larger `writeTimeMicros` wins, and a
 * delete wins a tie. Arguments and results are plain data, so that a stage may put a network
 * between itself and its store.
 *
 * Errors: every method rejects with `UNAVAILABLE` (retry later), `DEADLINE_EXCEEDED` (the effect
 * may have happened) or `TOO_LARGE` (the store can never hold this message), and with no other
 * error that a caller could act on.
 */
export interface MessageStore extends AsyncDisposable {
  /**
   * Stores a new message. Durable once resolved. The send is a `duplicate` if the same dedupe key
   * was used within its time to live, or if a message with the same id, author, channel and write
   * time is stored. A message that shares only the id makes it `taken`.
   */
  insert(message: StoredMessage, deadline: Deadline, dedupe?: DedupeKey): Promise<InsertResult>

  /**
   * Stores messages of any age with the ids they have. Labs fill years of history with it, and
   * migrations copy. Idempotent.
   */
  import(messages: readonly StoredMessage[], deadline: Deadline): Promise<void>

  /** The messages with these ids; ids that are not stored have none. */
  get(
    channel: ChannelId,
    ids: readonly MessageId[],
    deadline: Deadline,
  ): Promise<readonly StoredMessage[]>

  /**
   * Up to `limit` (1–100) messages, newest first. Stage 1 reads one range of an index. Stage 2
   * reads as many partitions as it needs to fill the page.
   */
  page(
    channel: ChannelId,
    anchor: Anchor,
    limit: number,
    deadline: Deadline,
  ): Promise<readonly StoredMessage[]>

  /**
   * The senders of at most `limit` (1–100) messages before an id, or of the newest ones; newest
   * first. A page of messages can be 24 MB, a page of senders is a few kilobytes.
   */
  senders(
    channel: ChannelId,
    before: MessageId | undefined,
    limit: number,
    deadline: Deadline,
  ): Promise<readonly MessageSender[]>

  /**
   * The newest message of each channel. A channel without messages is absent, and a channel may be
   * absent when the store cannot read it. The hub calls this when it loads a guild or a user's
   * direct messages, so the cost must not grow with the length of the history.
   */
  newest(
    channels: readonly ChannelId[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<ChannelId, MessageId>>

  /**
   * Changes a message and resolves to the result. An edit never brings a deleted message back,
   * whichever of the two arrives first. Lab 2.5 shows what happens without this rule.
   */
  edit(edit: MessageEdit, deadline: Deadline): Promise<StoredMessage | 'absent'>

  /**
   * Deletes messages and their reactions. Idempotent. Resolves to the ids that were stored until
   * now.
   */
  remove(
    channel: ChannelId,
    ids: readonly MessageId[],
    writeTimeMicros: bigint,
    deadline: Deadline,
  ): Promise<readonly MessageId[]>

  /**
   * Adds a reaction. `known`: the user reacted with this emoji before. `full`: the message already
   * has 20 different emoji. `absent`: there is no such message.
   */
  react(reaction: Reaction, deadline: Deadline): Promise<'added' | 'known' | 'full' | 'absent'>

  unreact(reaction: Reaction, deadline: Deadline): Promise<'removed' | 'absent'>

  /** Up to `limit` users who reacted with an emoji, by ascending id, with ids after `after`. */
  reactors(
    channel: ChannelId,
    id: MessageId,
    emoji: Emoji,
    page: { after?: UserId; limit: number },
    deadline: Deadline,
  ): Promise<readonly UserId[]>

  /** Reaction counts of many messages, as `viewer` sees them. Messages without any are absent. */
  reactions(
    channel: ChannelId,
    ids: readonly MessageId[],
    viewer: UserId,
    deadline: Deadline,
  ): Promise<ReadonlyMap<MessageId, readonly ReactionCount[]>>
}

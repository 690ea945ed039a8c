import type { ChannelId, MessageId, UserId } from '@threshold/contract'
import type { Emoji, Reaction, ReactionCount, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/** Where a page of history starts. Pages are newest first, whichever way they were asked for. */
export type Anchor =
  | { readonly at: 'latest' }
  | { readonly at: 'before' | 'after' | 'around'; readonly id: MessageId }

/** What makes a repeated send the same send: who, where, and the client's nonce. */
export interface DedupeKey {
  readonly authorId: UserId
  readonly channelId: ChannelId
  readonly nonce: string
}

/**
 * `duplicate` carries the message that was there first, so that a retry is answered with it.
 * `taken`: another message has this id; nothing was stored, and the sender tries again under a new
 * id.
 */
export interface InsertResult {
  readonly outcome: 'inserted' | 'duplicate' | 'taken'
  readonly message: StoredMessage
}

export interface MessageEdit {
  readonly id: MessageId
  readonly channelId: ChannelId
  /** Only these fields change; absent ones stay as they are. */
  readonly set: Partial<
    Pick<
      StoredMessage,
      'content' | 'embeds' | 'flags' | 'mentions' | 'mentionRoles' | 'mentionEveryone' | 'editedAt'
    >
  >
  readonly writeTimeMicros: bigint
}

/** A message's sender, without the content. */
export interface MessageSender {
  readonly id: MessageId
  readonly authorId: UserId
  /** Only of a send with a dedupe key. Its repetition is a retry. */
  readonly dedupeNonce?: string
}

/**
 * Keeps messages by channel, in snowflake order, and the reactions on them.
 *
 * Every method rejects with `UNAVAILABLE` (retry later), `DEADLINE_EXCEEDED` (the effect may have
 * happened) or `TOO_LARGE` (the store will never take this message), and with nothing else a caller
 * could act on. Arguments and results are plain data: a stage may put a network between itself and
 * its store. Of two writes to one message the one with the larger `writeTimeMicros` wins; at a tie
 * a delete wins.
 */
export interface MessageStore extends AsyncDisposable {
  /**
   * Durable once resolved. The same dedupe key within its time to live is a `duplicate` and changes
   * nothing. So is the same id, author, channel and write time; the same id alone is not a retry,
   * and is `taken`.
   */
  insert(message: StoredMessage, deadline: Deadline, dedupe?: DedupeKey): Promise<InsertResult>

  /**
   * Messages with ids of any age, as they are: for labs that fill years, and for migrations.
   * Idempotent.
   */
  import(messages: readonly StoredMessage[], deadline: Deadline): Promise<void>

  get(
    channel: ChannelId,
    ids: readonly MessageId[],
    deadline: Deadline,
  ): Promise<readonly StoredMessage[]>

  /**
   * At most `limit` (1–100) messages, newest first. One index range in stage 1; as many partitions
   * as it must walk from stage 2 on.
   */
  page(
    channel: ChannelId,
    anchor: Anchor,
    limit: number,
    deadline: Deadline,
  ): Promise<readonly StoredMessage[]>

  /**
   * At most `limit` (1–100) senders of the messages before one, or of the newest, newest first. A
   * page of messages may be 24 MB; this is a few kilobytes.
   */
  senders(
    channel: ChannelId,
    before: MessageId | undefined,
    limit: number,
    deadline: Deadline,
  ): Promise<readonly MessageSender[]>

  /**
   * The newest message of each of many channels; a channel without any is absent, and so may be one
   * that alone cannot be read. Asked when a guild is loaded and for a user's direct messages, so it
   * must not cost more the longer a channel's history is.
   */
  newest(
    channels: readonly ChannelId[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<ChannelId, MessageId>>

  /**
   * An edit that meets a deleted message loses, in whichever order the two arrive. Lab 2.5 shows
   * why that needs saying.
   */
  edit(edit: MessageEdit, deadline: Deadline): Promise<StoredMessage | 'absent'>

  /**
   * Idempotent: deleting what is not there is no error. Answers the ids that were there. Reactions
   * go with their message.
   */
  remove(
    channel: ChannelId,
    ids: readonly MessageId[],
    writeTimeMicros: bigint,
    deadline: Deadline,
  ): Promise<readonly MessageId[]>

  /**
   * `known` when the user had reacted so already; `full` when another emoji would be one too many
   * (20).
   */
  react(reaction: Reaction, deadline: Deadline): Promise<'added' | 'known' | 'full' | 'absent'>

  unreact(reaction: Reaction, deadline: Deadline): Promise<'removed' | 'absent'>

  /** Users who reacted with an emoji, by id, after a given one. */
  reactors(
    channel: ChannelId,
    id: MessageId,
    emoji: Emoji,
    page: { after?: UserId; limit: number },
    deadline: Deadline,
  ): Promise<readonly UserId[]>

  /** Reaction counts of many messages at once; messages without any are absent from the answer. */
  reactions(
    channel: ChannelId,
    ids: readonly MessageId[],
    viewer: UserId,
    deadline: Deadline,
  ): Promise<ReadonlyMap<MessageId, readonly ReactionCount[]>>
}

import type { GuildId, MessageId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { SearchFacts, SearchIndex } from '@threshold/ports'

export interface IndexedMessage {
  readonly guild: GuildId
  readonly message: StoredMessage
  readonly facts: SearchFacts
}

/** A change of the index, as the stream has it. */
export type IndexChange =
  | (IndexedMessage & { readonly kind: 'index' })
  | { readonly kind: 'remove'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'rebuild' }

export interface IndexProgress {
  /** Identifies the stream that the index follows. Empty in a new index. */
  readonly stream: string
  /** The sequence of the last entry of the stream that the index has applied. */
  readonly position: number
  /** The number of the newest rebuild. Each entry has that of the last one that has seen it. */
  readonly build: number
  /** The number of the last rebuild that was finished. 0: the index lacks messages. */
  readonly built: number
}

/** An index that is built from the stores and kept up to date from the stream. */
export interface StreamIndex extends SearchIndex {
  readonly progress: IndexProgress
  /**
   * Applies changes, then moves the position. If it is interrupted, the changes are applied again.
   * Later versions of messages win.
   */
  apply(changes: readonly IndexChange[], position: number): Promise<void>
  /** Begins a rebuild for entries that are lost, and goes on at another position of a stream. */
  reset(stream: string, position: number): Promise<void>
  /**
   * Call it before you read messages from the store. Returns a function that adds what was read. It
   * leaves out messages that the stream has changed meanwhile, since the index has them already.
   */
  beginPage(): (page: readonly IndexedMessage[]) => Promise<void>
  /**
   * Drops entries that neither this rebuild nor a later one has seen, of up to 1,000 messages with
   * ids between two others. Returns the last of these ids, or undefined after all.
   */
  dropUnseen(build: number, after: MessageId, before: MessageId): Promise<MessageId | undefined>
  /** Ends a rebuild, unless another one has begun. */
  finish(build: number): Promise<void>
}

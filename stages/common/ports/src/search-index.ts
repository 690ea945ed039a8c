import type { ChannelId, GuildId, MessageId, UserId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

export interface SearchQuery {
  /** All of these must be in the message. Empty: any message. */
  readonly words: readonly string[]
  /** Those the asker may read; a result from elsewhere is never an answer. */
  readonly channels: readonly ChannelId[]
  readonly authors?: readonly UserId[]
  readonly mentions?: readonly UserId[]
  /** Younger than this, and older than that: neither bound is an answer itself. */
  readonly minId?: MessageId
  readonly maxId?: MessageId
  readonly order: 'newest' | 'oldest'
  readonly offset: number
  readonly limit: number
}

export interface SearchResult {
  readonly total: number
  readonly hits: readonly { readonly id: MessageId; readonly channelId: ChannelId }[]
}

/** Finds messages by their words. An index may name a message that is gone: the reader looks each hit up in the store. */
export interface SearchIndex extends AsyncDisposable {
  /** Idempotent: the same message again replaces what was known of it. Called before the store's insert, so that an acknowledged message is found. */
  index(guild: GuildId, message: StoredMessage, deadline: Deadline): Promise<void>
  remove(ids: readonly MessageId[], deadline: Deadline): Promise<void>
  search(guild: GuildId, query: SearchQuery, deadline: Deadline): Promise<SearchResult>
}

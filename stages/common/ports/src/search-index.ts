import type { ChannelId, GuildId, MessageId, RoleId, UserId } from '@threshold/contract'
import type { ContentKind, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

export type AuthorType = 'user' | 'bot'

/** Facts that a search asks for and a message does not carry. */
export interface SearchFacts {
  readonly authorType: AuthorType
  /** The author of the message that this one replies to, where that is still there. */
  readonly repliedTo?: UserId
}

export interface SearchQuery {
  /** All of these must be in the message. Empty: any message. */
  readonly words: readonly string[]
  /** Those the asker may read; a result from elsewhere is never an answer. */
  readonly channels: readonly ChannelId[]
  readonly authors?: readonly UserId[]
  readonly mentions?: readonly UserId[]
  readonly mentionRoles?: readonly RoleId[]
  readonly mentionEveryone?: boolean
  readonly authorType?: AuthorType
  readonly repliedToUsers?: readonly UserId[]
  readonly repliedToMessages?: readonly MessageId[]
  /** All of the first are in the message, and none of the second. */
  readonly has?: { readonly all: readonly ContentKind[]; readonly none: readonly ContentKind[] }
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

/**
 * Finds messages by their words. An index may name a message that is gone: the reader looks each
 * hit up in the store.
 */
export interface SearchIndex extends AsyncDisposable {
  /**
   * Idempotent: the same message again replaces what was known of it. Called before the store's
   * insert, so that an acknowledged message is found.
   */
  index(
    guild: GuildId,
    message: StoredMessage,
    facts: SearchFacts,
    deadline: Deadline,
  ): Promise<void>
  remove(ids: readonly MessageId[], deadline: Deadline): Promise<void>
  search(guild: GuildId, query: SearchQuery, deadline: Deadline): Promise<SearchResult>
}

import type { ChannelId, GuildId, MessageId, RoleId, UserId } from '@threshold/contract'
import type { ContentKind, StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

export type AuthorType = 'user' | 'bot'

/** Attributes that a search can filter by and that a message does not contain. */
export interface SearchFacts {
  readonly authorType: AuthorType
  /** The author of the message that this one replies to, if that message still exists. */
  readonly repliedTo?: UserId
}

/** All filters that are present must match. */
export interface SearchQuery {
  /** The message contains all of these. Empty: any message. */
  readonly words: readonly string[]
  /** The channels that the user may read. Messages in other channels never match. */
  readonly channels: readonly ChannelId[]
  readonly authors?: readonly UserId[]
  readonly mentions?: readonly UserId[]
  readonly mentionRoles?: readonly RoleId[]
  readonly mentionEveryone?: boolean
  readonly authorType?: AuthorType
  readonly repliedToUsers?: readonly UserId[]
  readonly repliedToMessages?: readonly MessageId[]
  /** The message contains all kinds in `all` and no kind in `none`. */
  readonly has?: { readonly all: readonly ContentKind[]; readonly none: readonly ContentKind[] }
  /** Exclusive bounds of the message id. */
  readonly minId?: MessageId
  readonly maxId?: MessageId
  readonly order: 'newest' | 'oldest'
  readonly offset: number
  readonly limit: number
}

export interface SearchResult {
  /** The number of matches, before `offset` and `limit`. */
  readonly total: number
  readonly hits: readonly { readonly id: MessageId; readonly channelId: ChannelId }[]
}

/**
 * Finds messages by words and filters. An index can still name a deleted message, so the caller
 * looks each hit up in the message store. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED`.
 */
export interface SearchIndex extends AsyncDisposable {
  /**
   * Adds a message, or replaces its entry. Idempotent. The caller indexes before it stores the
   * message, so that every acknowledged message can be found.
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

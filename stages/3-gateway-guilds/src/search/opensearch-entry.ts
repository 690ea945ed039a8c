import type { GuildId, MessageId } from '@threshold/contract'
import { type ContentKind, contentKindsOf, indexWords } from '@threshold/domain'
import type { SearchQuery } from '@threshold/ports'
import type { IndexedMessage } from './stream-index.ts'

/** One message, as OpenSearch stores it. Its `_id` is the id of the message. */
export interface Entry {
  /** A number in the index, so that it can be sorted by. JSON has no numbers of 64 bits. */
  readonly id: MessageId
  readonly guild: GuildId
  readonly channel: string
  readonly author: string
  readonly writeTime: string
  readonly build: number
  readonly bot: boolean
  readonly everyone: boolean
  readonly words: readonly string[]
  readonly mentions: readonly string[]
  readonly roles: readonly string[]
  readonly has: readonly ContentKind[]
  readonly repliedMessage?: string
  readonly repliedUser?: string
}

const keyword = { type: 'keyword' } as const
const boolean = { type: 'boolean' } as const
const stored = { type: 'keyword', index: false, doc_values: false } as const
/** The words are made as for SQLite, and OpenSearch changes nothing about them. */
export const MAPPING = {
  dynamic: 'strict',
  properties: {
    id: { type: 'long' },
    guild: keyword,
    channel: keyword,
    author: keyword,
    writeTime: stored,
    build: { type: 'integer' },
    bot: boolean,
    everyone: boolean,
    words: keyword,
    mentions: keyword,
    roles: keyword,
    has: keyword,
    repliedMessage: keyword,
    repliedUser: keyword,
  },
} as const

export function toEntry({ guild, message, facts }: IndexedMessage, build: number): Entry {
  const { id, channelId, authorId, content, writeTimeMicros, reference } = message
  return {
    id,
    guild,
    channel: channelId,
    author: authorId,
    writeTime: String(writeTimeMicros),
    build,
    bot: facts.authorType === 'bot',
    everyone: message.mentionEveryone ?? false,
    words: indexWords(content),
    mentions: message.mentions ?? [],
    roles: message.mentionRoles ?? [],
    has: contentKindsOf(message),
    ...(reference ? { repliedMessage: reference.messageId } : {}),
    ...(facts.repliedTo === undefined ? {} : { repliedUser: facts.repliedTo }),
  }
}

/** An entry of another message with this id stays: the insert of the message will fail. */
export function laterOf(before: Entry | undefined, after: Entry): Entry {
  if (before === undefined) return after
  const isSame = before.channel === after.channel && before.author === after.author
  const isLater = BigInt(before.writeTime) <= BigInt(after.writeTime)
  return isSame && isLater ? after : { ...before, build: after.build }
}

/** The clauses of a search. User input is only in the values. */
export function toFilter(guild: GuildId, query: SearchQuery) {
  const { words, has, mentionEveryone, authorType, minId, maxId } = query
  const among = (field: keyof Entry, values: readonly string[] | undefined) =>
    values === undefined ? [] : [{ terms: { [field]: [...values] } }]
  const is = (field: keyof Entry, value: string | boolean | undefined) =>
    value === undefined ? [] : [{ term: { [field]: { value } } }]
  const range = { ...(minId && { gt: minId }), ...(maxId && { lt: maxId }) }
  return {
    filter: [
      ...is('guild', guild),
      ...among('channel', query.channels),
      ...words.flatMap((word) => is('words', word)),
      ...among('author', query.authors),
      ...among('mentions', query.mentions),
      ...among('roles', query.mentionRoles),
      ...is('everyone', mentionEveryone),
      ...is('bot', authorType && authorType === 'bot'),
      ...among('repliedUser', query.repliedToUsers),
      ...among('repliedMessage', query.repliedToMessages),
      ...(has?.all ?? []).flatMap((kind) => is('has', kind)),
      ...(minId || maxId ? [{ range: { id: range } }] : []),
    ],
    must_not: among('has', has?.none),
  }
}

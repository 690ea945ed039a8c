import type { SQLInputValue } from 'node:sqlite'
import type { GuildId } from '@threshold/contract'
import type { ContentKind } from '@threshold/domain'
import type { SearchQuery } from '@threshold/ports'

/** Each kind is one bit of the column `has`. */
const KIND_BITS: Readonly<Record<ContentKind, number>> = { link: 1, embed: 2, image: 4 }

export const kindBits = (kinds: readonly ContentKind[]): number =>
  kinds.reduce((bits, kind) => bits | KIND_BITS[kind], 0)

/**
 * The terms of a message or a query, for the full-text table. Words are written in hexadecimal. So
 * SQLite's tokenizer changes nothing about them, and no text of a user can be FTS syntax. The guild
 * is a term too: a word that is common in other guilds costs this one nothing.
 */
export const termsOf = (guild: GuildId, words: readonly string[]): string[] => [
  `g${guild}`,
  ...words.map((word) => `w${Buffer.from(word).toString('hex')}`),
]

/** Names of SQL parameters, and their values. */
type Values = Record<string, SQLInputValue>

/** FROM and WHERE of a search. User input is only in the values. */
export function toFilter(guild: GuildId, query: SearchQuery): { sql: string; values: Values } {
  const { words, has, mentionEveryone, authorType, minId, maxId } = query
  const matching =
    words.length === 0
      ? undefined
      : termsOf(guild, words)
          .map((term) => `"${term}"`)
          .join(' AND ')
  const filters: readonly (readonly [sql: string, values: Values | false])[] = [
    ['words MATCH :matching', matching !== undefined && { matching }],
    ['guild = :guild', { guild: BigInt(guild) }],
    [among('channel'), ids('channel', query.channels)],
    [among('author'), ids('author', query.authors)],
    [overlaps('mentions'), ids('mentions', query.mentions)],
    [overlaps('roles'), ids('roles', query.mentionRoles)],
    ['everyone = :everyone', mentionEveryone !== undefined && { everyone: +mentionEveryone }],
    ['bot = :bot', authorType !== undefined && { bot: +(authorType === 'bot') }],
    [among('replied_user'), ids('replied_user', query.repliedToUsers)],
    [among('replied_message'), ids('replied_message', query.repliedToMessages)],
    ['(has & :every) = :every', has !== undefined && { every: kindBits(has.all) }],
    ['(has & :none) = 0', has !== undefined && { none: kindBits(has.none) }],
    ['id > :min', minId !== undefined && { min: BigInt(minId) }],
    ['id < :max', maxId !== undefined && { max: BigInt(maxId) }],
  ]
  const used = filters.filter(([, values]) => values !== false)
  // A cross join keeps SQLite from reading all of the guild's entries to look for those with the
  // words.
  const from = matching === undefined ? 'entries' : 'words CROSS JOIN entries ON id = words.rowid'
  return {
    sql: `FROM ${from} WHERE ${used.map(([sql]) => sql).join(' AND ')}`,
    values: Object.assign({}, ...used.map(([, values]) => values)) as Values,
  }
}

const ids = (name: string, values: readonly string[] | undefined): Values | false =>
  values !== undefined && { [name]: JSON.stringify(values) }

const among = (column: string): string =>
  `${column} IN (SELECT CAST(value AS INTEGER) FROM json_each(:${column}))`

/** The column has a JSON array of ids, as the query has. They share one. */
const overlaps = (column: string): string =>
  `EXISTS (SELECT 1 FROM json_each(${column}) AS own
     JOIN json_each(:${column}) AS wanted ON own.value = wanted.value)`

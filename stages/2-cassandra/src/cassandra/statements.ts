import { COLUMNS, EDITABLE } from './rows.ts'

/** The lifetime of a nonce. A send with the same nonce within this time is a repetition. */
const NONCE_SECONDS = 300

const ONE_MESSAGE = 'channel_id = ? AND bucket = ? AND message_id = ?'
const SOME_MESSAGES = 'channel_id = ? AND bucket = ? AND message_id IN ?'
const ONE_REACTION = 'message_id = ? AND emoji = ? AND user_id = ?'
const NAMES = COLUMNS.join(', ')
const ROW = `channel_id, message_id, reacted, ${NAMES}`
const EDITED = EDITABLE.map((column) => `${column} = ?`).join(', ')
const TOKEN = 'token(channel_id, bucket)'

/** The message id at which a page of one bucket begins, and the order in which it is read. */
export interface PageBound {
  readonly comparison?: '<' | '<=' | '>' | undefined
  readonly newestFirst: boolean
}

/**
 * Every CQL statement on data of this stage; the tables themselves are in schema.ts. Each write but
 * a lightweight transaction carries its own time, so that repeating it changes nothing.
 */
export function statements(keyspace: string) {
  const messages = `${keyspace}.messages`
  const reactions = `${keyspace}.reactions`
  const nonces = `${keyspace}.nonces`
  const buckets = `${keyspace}.channel_buckets`
  const settings = `${keyspace}.settings`

  const page =
    (columns: string) =>
    ({ comparison, newestFirst }: PageBound): string =>
      [
        `SELECT ${columns} FROM ${messages} WHERE channel_id = ? AND bucket = ?`,
        ...(comparison === undefined ? [] : [`AND message_id ${comparison} ?`]),
        ...(newestFirst ? [] : ['ORDER BY message_id ASC']),
        'LIMIT ?',
      ].join(' ')
  const insertMessage = `INSERT INTO ${messages} (channel_id, bucket, message_id, ${NAMES})
    VALUES (?, ?, ?, ${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP ?`

  return {
    messages: {
      insert: insertMessage,
      /** All rows must be of one partition: a node would coordinate the others of a wider batch. */
      insertMany: (rows: number): string =>
        rows === 1
          ? insertMessage
          : `BEGIN UNLOGGED BATCH ${`${insertMessage}; `.repeat(rows)}APPLY BATCH`,
      edit: `UPDATE ${messages} USING TIMESTAMP ? SET write_time = ?, ${EDITED}
        WHERE ${ONE_MESSAGE}`,
      /**
       * Deletes the reactions too. Logged: both or, after a crash, both a moment later. It costs a
       * write to the batch log, and deletes are rare.
       */
      delete: `BEGIN BATCH
        DELETE FROM ${messages} USING TIMESTAMP ? WHERE ${ONE_MESSAGE};
        DELETE FROM ${reactions} USING TIMESTAMP ? WHERE message_id = ?;
      APPLY BATCH`,
      one: `SELECT ${ROW} FROM ${messages} WHERE ${ONE_MESSAGE}`,
      some: `SELECT ${ROW} FROM ${messages} WHERE ${SOME_MESSAGES}`,
      page: page(ROW),
      /** The sender and what a delete must know, without the content. */
      deletable: `SELECT author_id, write_time, dedupe FROM ${messages} WHERE ${ONE_MESSAGE}`,
      existing: `SELECT channel_id, message_id, author_id, dedupe FROM ${messages}
        WHERE ${SOME_MESSAGES}`,
      senders: page('message_id, author_id, nonce, dedupe'),
      newest: `SELECT channel_id, message_id, author_id FROM ${messages}
        WHERE channel_id IN ? AND bucket = ? PER PARTITION LIMIT 1`,
      any: `SELECT author_id FROM ${messages} LIMIT 1`,
      keysByToken: `SELECT channel_id, message_id, author_id FROM ${messages}
        WHERE ${TOKEN} > ? AND ${TOKEN} <= ?`,
      /** A page of a hundred messages may be 24 MB, and the content does not matter here. */
      reacted: `SELECT message_id, author_id, reacted FROM ${messages} WHERE ${SOME_MESSAGES}`,
      reactedAt: `SELECT author_id, WRITETIME(reacted) AS reacted_at FROM ${messages}
        WHERE ${ONE_MESSAGE}`,
      markReacted: `UPDATE ${messages} USING TIMESTAMP ? SET reacted = true
        WHERE ${ONE_MESSAGE}`,
    },
    reactions: {
      insert: `INSERT INTO ${reactions} (message_id, emoji, user_id, v, write_time)
        VALUES (?, ?, ?, 1, ?) USING TIMESTAMP ?`,
      delete: `DELETE FROM ${reactions} USING TIMESTAMP ? WHERE ${ONE_REACTION}`,
      one: `SELECT write_time FROM ${reactions} WHERE ${ONE_REACTION}`,
      all: `SELECT emoji, user_id, write_time FROM ${reactions} WHERE message_id = ? LIMIT ?`,
      after: `SELECT emoji, user_id, write_time FROM ${reactions}
        WHERE message_id = ? AND (emoji, user_id) > (?, ?) LIMIT ?`,
      counts: `SELECT emoji, count(*) AS count, min(write_time) AS first FROM ${reactions}
        WHERE message_id = ? GROUP BY emoji`,
      emoji: `SELECT emoji FROM ${reactions} WHERE message_id = ? GROUP BY emoji`,
      ofUser: `SELECT emoji FROM ${reactions}
        WHERE message_id = ? AND emoji IN ? AND user_id = ?`,
      users: `SELECT user_id FROM ${reactions}
        WHERE message_id = ? AND emoji = ? AND user_id > ? LIMIT ?`,
    },
    /** Lightweight transactions only: their times and those of plain writes would not compare. */
    nonces: {
      insert: `INSERT INTO ${nonces} (key, message_id, gone)
        VALUES (?, ?, ?) IF NOT EXISTS USING TTL ${NONCE_SECONDS}`,
      /** Sets the id too, which would otherwise expire before the mark and leave an empty key. */
      update: `UPDATE ${nonces} USING TTL ${NONCE_SECONDS} SET message_id = ?, gone = ?
        WHERE key = ? IF message_id = ?`,
      delete: `DELETE FROM ${nonces} WHERE key = ? IF message_id = ? AND gone = false`,
      one: `SELECT message_id, gone FROM ${nonces} WHERE key = ?`,
    },
    buckets: {
      write: `INSERT INTO ${buckets} (channel_id, bucket, emptied)
        VALUES (?, ?, ?) USING TIMESTAMP ?`,
      mark: `SELECT emptied, WRITETIME(emptied) AS at FROM ${buckets}
        WHERE channel_id = ? AND bucket = ?`,
      list: `SELECT bucket, emptied FROM ${buckets}
        WHERE channel_id = ? AND bucket >= ? AND bucket <= ?`,
      newest: `SELECT channel_id, bucket FROM ${buckets}
        WHERE channel_id IN ? PER PARTITION LIMIT 1`,
    },
    settings: {
      fixWidth: `INSERT INTO ${settings} (name, value) VALUES ('bucket_days', ?) IF NOT EXISTS`,
      width: `SELECT value FROM ${settings} WHERE name = 'bucket_days'`,
      probe: `INSERT INTO ${settings} (name, value) VALUES ('readiness', ?) USING TIMESTAMP ?`,
    },
  } as const
}

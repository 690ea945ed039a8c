import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { MessageId } from '@threshold/contract'
import { contentKindsOf, indexWords } from '@threshold/domain'
import { CodedError, deadlineExceeded, isExpired, messageOf, unavailable } from '@threshold/kit'
import { kindBits, termsOf, toFilter } from '../search/filter.ts'
import type {
  IndexChange,
  IndexedMessage,
  IndexProgress,
  StreamIndex,
} from '../search/stream-index.ts'

/** An index of another version is dropped and rebuilt. */
const VERSION = 1
const TABLES = `
  CREATE TABLE progress (
    stream TEXT NOT NULL, position INTEGER NOT NULL, build INTEGER NOT NULL, built INTEGER NOT NULL
  ) STRICT;
  INSERT INTO progress VALUES ('', 0, 1, 0);
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY, guild INTEGER NOT NULL, channel INTEGER NOT NULL,
    author INTEGER NOT NULL, write_time INTEGER NOT NULL, build INTEGER NOT NULL,
    bot INTEGER NOT NULL, everyone INTEGER NOT NULL, mentions TEXT NOT NULL, roles TEXT NOT NULL,
    has INTEGER NOT NULL, replied_message INTEGER, replied_user INTEGER
  ) STRICT;
  CREATE INDEX entries_of_guild ON entries (guild, id);
  CREATE VIRTUAL TABLE words USING fts5(
    terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  );
  PRAGMA user_version = ${VERSION}`
const DROP = `
  DROP TABLE IF EXISTS progress; DROP TABLE IF EXISTS entries; DROP TABLE IF EXISTS words`

const COLUMNS = [
  ...['id', 'guild', 'channel', 'author', 'write_time', 'build', 'bot', 'everyone', 'mentions'],
  ...['roles', 'has', 'replied_message', 'replied_user'],
] as const
/** An entry of another message with this id stays: the insert of the message will fail. */
const UPSERT = `
  INSERT INTO entries (${COLUMNS.join(', ')}) VALUES (:${COLUMNS.join(', :')})
  ON CONFLICT (id) DO UPDATE SET ${COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}
  WHERE channel = excluded.channel AND author = excluded.author
    AND write_time <= excluded.write_time`

/** A process that has just been killed may still have the file. */
const LOCK_TIMEOUT_MS = 1_000
/** SQLITE_BUSY: another process has the file open. */
const BUSY = 5
const SWEEP_ROWS = 1_000

/**
 * An index on SQLite's FTS5, in a file or in memory. It finds what the token index of stage 1
 * finds, by the same words. A search keeps the process busy until it is done.
 */
export function sqliteSearchIndex(file = ':memory:'): StreamIndex {
  const database = openFile(file)
  const prepare = (sql: string) => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const upsert = prepare(UPSERT)
  const putTerms = prepare('INSERT OR REPLACE INTO words (rowid, terms) VALUES (?, ?)')
  const markSeen = prepare('UPDATE entries SET build = ? WHERE id = ?')
  const removeEntry = prepare('DELETE FROM entries WHERE id = ?')
  const removeTerms = prepare('DELETE FROM words WHERE rowid = ?')
  const range = prepare('SELECT id, build FROM entries WHERE id > ? AND id < ? ORDER BY id LIMIT ?')
  const save = prepare('UPDATE progress SET stream = ?, position = ?, build = ?, built = ?')
  let progress = readProgress(database)
  /** Messages that the stream has changed since the page of a rebuild was begun. */
  const changed = new Set<MessageId>()

  /** Makes all changes of `work`, or none. It returns the new progress. */
  function transact(work: () => IndexProgress): void {
    database.exec('BEGIN')
    try {
      const next = work()
      save.run(next.stream, next.position, next.build, next.built)
      database.exec('COMMIT')
      progress = next
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
  function put(indexed: IndexedMessage, build: number): void {
    const id = BigInt(indexed.message.id)
    const { changes } = upsert.run({ ...toRow(indexed), id, build })
    const terms = termsOf(indexed.guild, indexWords(indexed.message.content))
    if (changes > 0) putTerms.run(id, terms.join(' '))
    else markSeen.run(build, id)
  }
  function remove(id: bigint): void {
    // The full-text table reports an error for a row that it does not have.
    if (removeEntry.run(id).changes > 0) removeTerms.run(id)
  }
  async function apply(changes: readonly IndexChange[], position: number): Promise<void> {
    transact(() => {
      let { build } = progress
      for (const change of changes) {
        if (change.kind === 'rebuild') build += 1
        else if (change.kind === 'index') put(change, build)
        else for (const id of change.ids) remove(BigInt(id))
      }
      return { ...progress, position, build }
    })
    if (progress.build === progress.built) return
    for (const change of changes) {
      if (change.kind === 'index') changed.add(change.message.id)
      else if (change.kind === 'remove') for (const id of change.ids) changed.add(id)
    }
  }

  return {
    get progress() {
      return progress
    },
    apply,
    async reset(stream, position) {
      transact(() => ({ stream, position, build: progress.build + 1, built: 0 }))
    },
    beginPage() {
      changed.clear()
      return async (page) =>
        transact(() => {
          for (const indexed of page)
            if (!changed.has(indexed.message.id)) put(indexed, progress.build)
          return progress
        })
    },
    async dropUnseen(build, after, before) {
      const rows = range.all(BigInt(after), BigInt(before), SWEEP_ROWS) as unknown as {
        readonly id: bigint
        readonly build: bigint
      }[]
      transact(() => {
        for (const row of rows) if (row.build < build) remove(row.id)
        return progress
      })
      return rows.at(-1)?.id.toString()
    },
    async finish(build) {
      if (progress.build === build) transact(() => ({ ...progress, built: build }))
    },

    async index(guild, message, facts) {
      await apply([{ kind: 'index', guild, message, facts }], progress.position)
    },
    async remove(ids) {
      await apply([{ kind: 'remove', ids }], progress.position)
    },
    async search(guild, query, deadline) {
      if (isExpired(deadline)) throw deadlineExceeded('search')
      const { sql, values } = toFilter(guild, query)
      const { order, limit, offset } = query
      const direction = order === 'newest' ? 'DESC' : 'ASC'
      const page = `ORDER BY id ${direction} LIMIT :limit OFFSET :offset`
      try {
        const [counted] = prepare(`SELECT count(*) AS total ${sql}`).all(values)
        const rows = prepare(`SELECT id, channel ${sql} ${page}`).all({ ...values, limit, offset })
        return {
          total: Number(counted!.total),
          hits: rows.map(({ id, channel }) => ({ id: String(id), channelId: String(channel) })),
        }
      } catch (error) {
        throw unavailable('the search index', error)
      }
    },
    async [Symbol.asyncDispose]() {
      database.close()
    },
  }
}

/**
 * Opens the file, or a second one beside it while another process has it open: one that is replaced
 * by this one. Each has its own position in the stream, so the older one only has more to read.
 * Throws `SEARCH_FILE` if the file is no index, or both are open elsewhere.
 */
function openFile(file: string): DatabaseSync {
  try {
    return openOwnFile(file)
  } catch (error) {
    if (!(error instanceof CodedError && isBusy(error.cause))) throw error
    return openOwnFile(`${file}.2`)
  }
}

function openOwnFile(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS })
    // A second process that wrote to this file would apply the stream a second time. The log is
    // written to the disk at checkpoints only: a power cut may set the index back, with its
    // position.
    database.exec(
      `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`,
    )
    const found = database.prepare('PRAGMA user_version').get()
    if (found?.user_version !== VERSION) database.exec(`BEGIN; ${DROP}; ${TABLES}; COMMIT`)
    return database
  } catch (error) {
    throw new CodedError('SEARCH_FILE', `${file}: ${messageOf(error)}`, {
      next: 'name another file in THRESHOLD_SEARCH_FILE, or remove it: the index is then rebuilt',
      cause: error,
    })
  }
}

const isBusy = (cause: unknown): boolean =>
  (cause as { readonly errcode?: number } | undefined)?.errcode === BUSY

function readProgress(database: DatabaseSync): IndexProgress {
  const row = database.prepare('SELECT stream, position, build, built FROM progress').get()
  return { ...row } as unknown as IndexProgress
}

function toRow({ guild, message, facts }: IndexedMessage): Record<string, SQLInputValue> {
  const { channelId, authorId, writeTimeMicros, reference } = message
  return {
    guild: BigInt(guild),
    channel: BigInt(channelId),
    author: BigInt(authorId),
    write_time: writeTimeMicros,
    bot: +(facts.authorType === 'bot'),
    everyone: +(message.mentionEveryone ?? false),
    mentions: JSON.stringify(message.mentions ?? []),
    roles: JSON.stringify(message.mentionRoles ?? []),
    has: kindBits(contentKindsOf(message)),
    replied_message: reference ? BigInt(reference.messageId) : null,
    replied_user: facts.repliedTo === undefined ? null : BigInt(facts.repliedTo),
  }
}

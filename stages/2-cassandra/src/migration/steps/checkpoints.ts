import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@threshold/kit'
import { z } from 'zod'

/**
 * A part of the work that is done in one go or resumed where it was. Ids and tokens as text: they
 * need 64 bits.
 */
export interface Range {
  readonly no: number
  readonly side: 'source' | 'target'
  /** Not included. */
  readonly from: string
  /** Included. */
  readonly to: string
  /** How far it has got; null at the beginning. */
  cursor: string | null
  done: boolean
  readonly counts: Counts
}

export type Counts = z.infer<typeof countsSchema>
const count = z.int().nonnegative()
const countsSchema = z.strictObject({
  source: count,
  target: count,
  onlySource: count,
  onlyTarget: count,
  differing: count,
  repaired: count,
})
const noCounts = (): Counts => ({
  source: 0,
  target: 0,
  onlySource: 0,
  onlyTarget: 0,
  differing: 0,
  repaired: 0,
})

export interface Outcome {
  /** What it is good for: see `generation` and `entered`. */
  readonly key: number
  readonly at: Date
  readonly clean: boolean
}

/**
 * How far the migrator has got, in SQLite beside the machine that runs it: small, whole after `kill
 * -9`, and worth nothing to anybody else. Ids and counts, no address and no credential. Losing it
 * costs time and nothing else; all of it may be repeated.
 */
export interface Checkpoints extends Disposable {
  /**
   * The ranges of a step: those of last time where it was interrupted in the same circumstances,
   * else new ones.
   */
  resume(
    step: string,
    key: number,
    make: () => Promise<Pick<Range, 'side' | 'from' | 'to'>[]>,
  ): Promise<Range[]>
  save(step: string, range: Range): void
  finish(step: string, clean: boolean): void
  outcome(step: string): Outcome | undefined
  ranges(step: string): Range[]
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS steps (step TEXT PRIMARY KEY, key INTEGER NOT NULL, finished INTEGER, clean INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS ranges (
    step TEXT NOT NULL, no INTEGER NOT NULL, side TEXT NOT NULL, lower TEXT NOT NULL, upper TEXT NOT NULL,
    cursor TEXT, done INTEGER NOT NULL, counts TEXT NOT NULL, PRIMARY KEY (step, no)
  ) STRICT;
`

const stepRow = z.object({ key: z.int(), finished: z.int().nullable(), clean: z.int().nullable() })
const rangeRow = z.object({
  ...{ no: z.int(), side: z.enum(['source', 'target']), lower: z.string(), upper: z.string() },
  ...{ cursor: z.string().nullable(), done: z.int(), counts: z.string() },
})

/** Without a folder, empty ones that leave nothing behind. */
export function openCheckpoints(folder: string | undefined, run: string): Checkpoints {
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(
    folder === undefined ? ':memory:' : join(folder, `${run}.sqlite`),
  )
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000',
  )
  database.exec(SCHEMA)
  const stepOf = (step: string) => {
    const row = database.prepare('SELECT key, finished, clean FROM steps WHERE step = ?').get(step)
    return row === undefined ? undefined : stepRow.parse(row)
  }
  const rangesOf = (step: string): Range[] =>
    database
      .prepare(
        'SELECT no, side, lower, upper, cursor, done, counts FROM ranges WHERE step = ? ORDER BY no',
      )
      .all(step)
      .map((row) => {
        const { lower, upper, done, counts, ...rest } = rangeRow.parse(row)
        return {
          ...rest,
          from: lower,
          to: upper,
          done: done === 1,
          counts: countsSchema.parse(JSON.parse(counts)),
        }
      })
  return {
    async resume(step, key, make) {
      const before = stepOf(step)
      if (before?.key === key && before.finished === null) return rangesOf(step)
      const made = await make()
      const insert = database.prepare(
        'INSERT INTO ranges (step, no, side, lower, upper, cursor, done, counts) VALUES (?, ?, ?, ?, ?, NULL, 0, ?)',
      )
      database.exec('BEGIN IMMEDIATE')
      database.prepare('DELETE FROM ranges WHERE step = ?').run(step)
      for (const [no, { side, from, to }] of made.entries())
        insert.run(step, no, side, from, to, JSON.stringify(noCounts()))
      database
        .prepare(
          'INSERT OR REPLACE INTO steps (step, key, finished, clean) VALUES (?, ?, NULL, NULL)',
        )
        .run(step, key)
      database.exec('COMMIT')
      return rangesOf(step)
    },
    save(step, { no, cursor, done, counts }) {
      const update = 'UPDATE ranges SET cursor = ?, done = ?, counts = ? WHERE step = ? AND no = ?'
      database.prepare(update).run(cursor, done ? 1 : 0, JSON.stringify(counts), step, no)
    },
    finish(step, clean) {
      database
        .prepare('UPDATE steps SET finished = ?, clean = ? WHERE step = ?')
        .run(Date.now(), clean ? 1 : 0, step)
    },
    outcome(step) {
      const row = stepOf(step)
      if (row === undefined || row.finished === null) return undefined
      return { key: row.key, at: new Date(row.finished), clean: row.clean === 1 }
    },
    ranges: rangesOf,
    [Symbol.dispose]: () => database.close(),
  }
}

/**
 * Held for as long as this process lives, however it ends: two migrators of one move would undo
 * each other's checkpoints.
 */
export function lockMigrator(folder: string, run: string): Disposable {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, `${run}.lock`))
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch {
    database.close()
    throw new CodedError(
      'MIGRATOR_RUNNING',
      'another migrator of this move is at work on this machine',
      {
        next: 'npx threshold migrate mongo-cassandra status',
      },
    )
  }
  return { [Symbol.dispose]: () => database.close() }
}

export async function removeCheckpoints(folder: string, run: string): Promise<void> {
  for (const end of ['sqlite', 'sqlite-wal', 'sqlite-shm', 'lock'])
    await rm(join(folder, `${run}.${end}`), { force: true })
}

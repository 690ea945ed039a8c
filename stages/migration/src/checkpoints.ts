import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@threshold/kit'
import { z } from 'zod'
import type { RangeBounds } from './ranges.ts'

/** A part of a step's work, done in one go or resumed at its cursor. */
export interface Range extends RangeBounds {
  readonly no: number
  /** The replica's own; null at the beginning. */
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

export interface StepOutcome {
  /** The `generation` or `enteredEpoch` for which it holds. */
  readonly key: number
  readonly at: Date
  readonly clean: boolean
}

/**
 * The migrator's progress, in SQLite on the machine that runs it: small, and whole after `kill -9`.
 * It holds ids and counts, no address and no credential. Losing it costs time and nothing else,
 * since every step may be repeated.
 */
export interface Checkpoints extends Disposable {
  /**
   * The ranges of a step: those of an interrupted run with the same key, else new ones from `make`.
   */
  resume(step: string, key: number, make: () => Promise<RangeBounds[]>): Promise<Range[]>
  save(step: string, range: Range): void
  finish(step: string, clean: boolean): void
  /** Undefined until the step has been finished. */
  outcome(step: string): StepOutcome | undefined
  ranges(step: string): Range[]
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS steps (
    step TEXT PRIMARY KEY, key INTEGER NOT NULL, finished INTEGER, clean INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ranges (
    step TEXT NOT NULL, no INTEGER NOT NULL, side TEXT NOT NULL, lower TEXT NOT NULL,
    upper TEXT NOT NULL, cursor TEXT, done INTEGER NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (step, no)
  ) STRICT;
`

const stepRow = z.object({ key: z.int(), finished: z.int().nullable(), clean: z.int().nullable() })
const rangeRow = z.object({
  no: z.int(),
  side: z.enum(['source', 'target']),
  lower: z.string(),
  upper: z.string(),
  cursor: z.string().nullable(),
  done: z.int(),
  counts: z.string(),
})

/** Opens empty ones, which leave nothing behind, where no folder is given. */
export function openCheckpoints(folder: string | undefined, runId: string): Checkpoints {
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(
    folder === undefined ? ':memory:' : join(folder, `${runId}.sqlite`),
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
 * Locks a move on this machine until the process ends, however it ends. Two migrators of one move
 * would overwrite each other's checkpoints. `next` is the command that shows the other one's work.
 */
export function lockMigrator(folder: string, runId: string, next: string): Disposable {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, `${runId}.lock`))
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch {
    database.close()
    const why = 'another migrator of this move is at work on this machine'
    throw new CodedError('MIGRATOR_RUNNING', why, { next })
  }
  return { [Symbol.dispose]: () => database.close() }
}

export async function removeCheckpoints(folder: string, runId: string): Promise<void> {
  for (const ending of ['sqlite', 'sqlite-wal', 'sqlite-shm', 'lock'])
    await rm(join(folder, `${runId}.${ending}`), { force: true })
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit/errors'
import { enginesConfig } from './config.ts'

export interface LockOptions {
  /** Called once if someone else holds the lock. */
  readonly onWait?: () => void
  readonly withinMs?: number
}

const POLL_MS = 50

/** Kept reachable: a lock whose database is collected as garbage, because the work waits for nothing the collector knows, is let go of. */
const held = new Set<DatabaseSync>()

/**
 * Runs `work` while no other process on this machine runs work under the same name.
 *
 * The lock is SQLite's on an empty database file, because that is a lock of the operating system: it ends with the
 * process that holds it, however that ends. A lock file with a process id in it needs someone to judge whether its owner
 * is dead, and two who judge at the same moment both take it.
 */
export async function withLock<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const dir = join(enginesConfig().cacheDir, 'locks')
  await mkdir(dir, { recursive: true })
  const database = new DatabaseSync(join(dir, `${name}.lock`))
  held.add(database)
  try {
    await acquire(database, name, options)
    return await work()
  } finally {
    held.delete(database)
    database.close()
  }
}

async function acquire(database: DatabaseSync, name: string, options: LockOptions): Promise<void> {
  const { onWait, withinMs = 3_600_000 } = options
  const until = Date.now() + withinMs
  let told = false
  for (;;) {
    try {
      // Fails at once when taken: waiting inside SQLite would stop the event loop.
      database.exec('BEGIN EXCLUSIVE')
      return
    } catch (error) {
      if (!isBusy(error))
        throw new CodedError('LOCK_BROKEN', `the lock ${name} cannot be used`, { cause: error, next: 'npx threshold reset' })
    }
    if (Date.now() > until) {
      throw new CodedError('LOCK_TIMED_OUT', `another process has held the lock ${name} for ${Math.round(withinMs / 1_000)} s`, {
        next: 'npx threshold reset',
      })
    }
    if (!told) onWait?.()
    told = true
    await delay(POLL_MS)
  }
}

/** SQLITE_BUSY: someone else holds it. */
const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === 5

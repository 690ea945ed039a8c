import { accessSync, constants } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, messageOf } from '@threshold/kit/errors'
import { requireCache } from './folder.ts'

export interface LockOptions {
  /** Called once if someone else holds the lock. */
  readonly onWait?: () => void
  readonly timeoutMs?: number
}

const POLL_MS = 50

/**
 * Kept reachable: a lock whose database is collected as garbage, because the work waits for nothing
 * the collector knows, is let go of.
 */
const held = new Set<DatabaseSync>()

/**
 * Runs `work` while no other process on this machine runs work under the same name.
 *
 * The lock is SQLite's on an empty database file, because that is a lock of the operating system:
 * it ends with the process that holds it, however that ends. A lock file with a process id in it
 * needs someone to judge whether its owner is dead, and two who judge at the same moment both take
 * it.
 */
export async function withLock<T>(
  name: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const dir = join(await requireCache(), 'locks')
  await mkdir(dir, { recursive: true })
  const database = open(join(dir, `${name}.lock`))
  held.add(database)
  try {
    await acquire(database, name, options)
    return await work()
  } finally {
    held.delete(database)
    database.close()
  }
}

function open(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file)
    // SQLite opens a file that it may only read, and then excludes nobody.
    accessSync(file, constants.W_OK)
    return database
  } catch (error) {
    throw lockUnusable(file, error)
  }
}

/** Left by another user, `sudo` perhaps, or by a file system that can only be read. */
function lockUnusable(file: string, error: unknown): CodedError {
  const next = `sudo rm ${file}, or set THRESHOLD_CACHE to a folder that you can write in`
  return new CodedError('CACHE_UNUSABLE', `the lock ${file} cannot be used: ${messageOf(error)}`, {
    cause: error,
    next,
  })
}

async function acquire(database: DatabaseSync, name: string, options: LockOptions): Promise<void> {
  const { onWait, timeoutMs = 3_600_000 } = options
  const until = Date.now() + timeoutMs
  let told = false
  for (;;) {
    try {
      // Fails at once when taken: waiting inside SQLite would stop the event loop.
      database.exec('BEGIN EXCLUSIVE')
      return
    } catch (error) {
      if (!isBusy(error)) throw lockUnusable(database.location() ?? name, error)
    }
    if (Date.now() > until) {
      throw new CodedError(
        'LOCK_TIMED_OUT',
        `another process has held the lock ${name} for ${Math.round(timeoutMs / 1_000)} s`,
        {
          next: 'npx threshold reset',
        },
      )
    }
    if (!told) onWait?.()
    told = true
    await delay(POLL_MS)
  }
}

/** SQLITE_BUSY: someone else holds it. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 5

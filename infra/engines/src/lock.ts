import { accessSync, constants } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError, messageOf } from '@threshold/kit/errors'
import pRetry from 'p-retry'
import { requireCache } from './folder.ts'

export interface LockOptions {
  /** Called once if another process holds the lock. */
  readonly onWait?: () => void
  readonly timeoutMs?: number
}

const POLL_MS = 50

/**
 * References to the open databases. Node closes a database that the garbage collector frees, and
 * that would release its lock while `work` still runs.
 */
const held = new Set<DatabaseSync>()

/**
 * Runs `work` while no other process on this machine runs work under the same name. Throws
 * LOCK_TIMED_OUT after `timeoutMs`, one hour by default.
 *
 * The lock is SQLite's lock on an empty database file. The operating system releases it when the
 * process ends, also after `kill -9`. A lock file with a process id would have to be checked for a
 * dead owner, and two processes that check at the same moment could both take it.
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

/**
 * Takes the lock, and resolves with a function that releases it. `withLock` is simpler where one
 * function holds the lock.
 */
export async function acquireLock(name: string): Promise<() => void> {
  const acquired = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  withLock(name, {}, () => {
    acquired.resolve()
    return released.promise
  }).catch(acquired.reject)
  await acquired.promise
  return released.resolve
}

function open(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file)
    // SQLite also opens a read-only file, and then it locks nothing.
    accessSync(file, constants.W_OK)
    return database
  } catch (error) {
    throw lockUnusable(file, error)
  }
}

/** Another user, perhaps root through `sudo`, made the file, or the file system is read-only. */
function lockUnusable(file: string, error: unknown): CodedError {
  const next = `sudo rm ${file}, or set THRESHOLD_CACHE to a folder that you can write in`
  return new CodedError('CACHE_UNUSABLE', `the lock ${file} cannot be used: ${messageOf(error)}`, {
    cause: error,
    next,
  })
}

async function acquire(database: DatabaseSync, name: string, options: LockOptions): Promise<void> {
  const { onWait, timeoutMs = 3_600_000 } = options
  try {
    // BEGIN fails at once if the lock is taken: waiting in SQLite would block the event loop.
    await pRetry(() => database.exec('BEGIN EXCLUSIVE'), {
      retries: Number.POSITIVE_INFINITY,
      factor: 1,
      minTimeout: POLL_MS,
      maxRetryTime: timeoutMs,
      shouldRetry: ({ error }) => isBusy(error),
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (attemptNumber === 1 && isBusy(error)) onWait?.()
      },
    })
  } catch (error) {
    if (!isBusy(error)) throw lockUnusable(database.location() ?? name, error)
    const seconds = Math.round(timeoutMs / 1_000)
    throw new CodedError(
      'LOCK_TIMED_OUT',
      `another process has held the lock ${name} for ${seconds} s`,
      { next: 'npx threshold reset' },
    )
  }
}

/** SQLITE_BUSY: another process holds the lock. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 5

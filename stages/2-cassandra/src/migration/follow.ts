import {
  type Deadline,
  deadlineExceeded,
  isExpired,
  messageOf,
  type Runtime,
  remainingMs,
  unavailable,
} from '@threshold/kit'
import type { Migration, MigrationState, ShadowReads } from './phases.ts'

/** How a process goes by the migration's document without being restarted. */
export interface Following extends AsyncDisposable {
  readonly id: string
  now(): Migration
  /** Runs what only reads. */
  read<T>(work: (migration: Migration) => Promise<T>): Promise<T>
  /** Runs what writes, once writes are not held. The phase it is given is its phase to the end. */
  write<T>(deadline: Deadline, work: (migration: Migration) => Promise<T>): Promise<T>
}

const POLL_MS = 100
const REPORT_MS = 1_000
/**
 * What was read longer ago than this is nothing to write by: the migrator may have gone on without
 * this process.
 */
const LEASE_MS = 5_000
/**
 * A migrator that holds writes and dies leaves them held; whoever has waited this long lets them go
 * by the old phase.
 */
const HOLD_MS = 2_000

/**
 * Reports first and reads after it: a migrator that did not see this process has changed the
 * document before it was read. An operation that has begun keeps its phase, and a phase is
 * acknowledged once everything begun before it has ended. So when all have acknowledged
 * `dual-write`, nobody writes to MongoDB alone any more, and a backfill that starts then misses
 * nothing.
 */
export async function followMigration(
  state: MigrationState,
  id: string,
  runtime: Pick<Runtime, 'log'>,
  shadow: () => ShadowReads,
): Promise<Following> {
  const { log } = runtime
  await state.report({ id, epoch: 0, shadow: shadow() })
  // Durations by the process's own time: the system's clock may be set while they last.
  let readAt = performance.now()
  let now = (await state.read())!
  let acknowledged = 0
  let reportedAt = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let holding: NodeJS.Timeout | undefined
  let changed = Promise.withResolvers<void>()
  /** Operations under way, by the epoch in which they began. */
  const underWay = new Map<number, number>()

  function adopt(next: Migration): void {
    if (next.epoch === now.epoch) return
    now = next
    watchHold()
    changed.resolve()
    changed = Promise.withResolvers<void>()
    log.info({ phase: now.phase, to: now.to, epoch: now.epoch }, 'the migration moved')
  }
  function watchHold(): void {
    clearTimeout(holding)
    if (now.to !== undefined) holding = setTimeout(letGo, HOLD_MS, now)
  }
  /**
   * Only if it is still the same hold: the document decides, so that a migrator that comes late
   * finds its hold gone.
   */
  function letGo(held: Migration): void {
    const { to, ...rest } = held
    state.move(rest, { to: undefined }).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'writes stay held')
      // The migrator may have died of the same outage: nobody else would let them go.
      if (!closed && now.epoch === held.epoch) holding = setTimeout(letGo, HOLD_MS, held)
    })
  }

  async function poll(): Promise<void> {
    try {
      const began = performance.now()
      const next = await state.read()
      readAt = began
      if (next) adopt(next)
      const drained = [...underWay].every(([epoch]) => epoch >= now.epoch)
      const news = drained && acknowledged !== now.epoch
      if (news || performance.now() - reportedAt > REPORT_MS) {
        const epoch = drained ? now.epoch : acknowledged
        await state.report({ id, epoch, shadow: shadow() })
        acknowledged = epoch
        reportedAt = performance.now()
      }
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the migration cannot be followed: its database is away')
    }
    if (!closed) timer = setTimeout(poll, POLL_MS)
  }

  async function run<T>(work: (migration: Migration) => Promise<T>): Promise<T> {
    const { epoch } = now
    // The last phase is nobody's to change.
    if (now.phase !== 'decommissioned' && performance.now() - readAt > LEASE_MS)
      throw unavailable('the state of the migration')
    underWay.set(epoch, (underWay.get(epoch) ?? 0) + 1)
    try {
      return await work(now)
    } finally {
      const left = underWay.get(epoch)! - 1
      if (left > 0) underWay.set(epoch, left)
      else underWay.delete(epoch)
    }
  }

  watchHold()
  await poll()
  return {
    id,
    now: () => now,
    read: run,
    async write(deadline, work) {
      while (now.to !== undefined) {
        if (isExpired(deadline)) throw deadlineExceeded('the migration')
        await Promise.race([changed.promise, timeout(remainingMs(deadline))])
      }
      return await run(work)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      clearTimeout(holding)
      await state.leave(id).catch(() => {}) // it is counted out by itself a little later
    },
  }
}

const timeout = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms).unref())

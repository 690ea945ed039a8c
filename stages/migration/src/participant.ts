import {
  type Deadline,
  deadlineExceeded,
  isExpired,
  messageOf,
  type Runtime,
  remainingMs,
  unavailable,
} from '@threshold/kit'
import type { Migration, MigrationState, ShadowReads } from './state.ts'

/** How a process of the stage takes part in a move, without a restart. */
export interface Participation extends AsyncDisposable {
  readonly id: string
  current(): Migration
  /** Runs work that only reads. */
  read<T>(work: (migration: Migration) => Promise<T>): Promise<T>
  /**
   * Runs work that writes, once no write fence is up. It keeps the phase that it is given to its
   * end. Rejects with `DEADLINE_EXCEEDED` where the fence stays up for longer.
   */
  write<T>(deadline: Deadline, work: (migration: Migration) => Promise<T>): Promise<T>
}

const POLL_MS = 100
const REPORT_MS = 1_000
/**
 * A read of the document lets the process work for this long, counted from the report before it.
 * Later the migrator may have gone on without the process.
 */
const LEASE_MS = 5_000
/**
 * A migrator that raises the fence and dies leaves it up. Processes take it down after this long.
 */
const FENCE_MS = 2_000

/**
 * Polls the document. A poll that is due to report does so before it reads. The migrator counts the
 * process from its report on, and a change that it made without the process is in the document that
 * the process then reads. A process that was stopped, or could not report, writes nothing before.
 *
 * An operation keeps the phase in which it began, and a process acknowledges an epoch once every
 * operation begun before it has ended. So when all have acknowledged `dual-write`, no process
 * writes to the source alone any more, and a backfill that starts then misses nothing.
 */
export async function joinMigration(
  state: MigrationState,
  id: string,
  { log }: Pick<Runtime, 'log'>,
  shadow: () => ShadowReads,
): Promise<Participation> {
  // Durations by the monotonic clock: the system's clock may be set meanwhile.
  let reportedAt = performance.now()
  await state.report({ id, epoch: 0, shadow: shadow() })
  let current = (await state.read())!
  let leasedAt = reportedAt
  let acknowledged = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let fenceTimer: NodeJS.Timeout | undefined
  let changed = Promise.withResolvers<void>()
  /** Operations under way, by the epoch in which they began. */
  const underWay = new Map<number, number>()

  function adopt(next: Migration): void {
    if (next.epoch === current.epoch) return
    current = next
    watchFence()
    changed.resolve()
    changed = Promise.withResolvers<void>()
    const { phase, fencedFor, epoch } = current
    log.info({ phase, fencedFor, epoch }, 'the migration moved')
  }
  function watchFence(): void {
    clearTimeout(fenceTimer)
    if (current.fencedFor !== undefined) fenceTimer = setTimeout(lowerFence, FENCE_MS, current)
  }
  /** Lowers this fence and no later one: a migrator that comes late finds its fence gone. */
  function lowerFence(fenced: Migration): void {
    state.update(fenced, { fencedFor: undefined }).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'the write fence stays up')
      // The migrator may have died of the same outage, and then only processes can lower it.
      if (!closed && current.epoch === fenced.epoch)
        fenceTimer = setTimeout(lowerFence, FENCE_MS, fenced)
    })
  }

  async function report(epoch: number): Promise<void> {
    const sentAt = performance.now()
    await state.report({ id, epoch, shadow: shadow() })
    acknowledged = epoch
    reportedAt = sentAt
  }
  async function poll(): Promise<void> {
    try {
      if (performance.now() - reportedAt > REPORT_MS) await report(acknowledged)
      const next = await state.read()
      leasedAt = reportedAt
      if (next) adopt(next)
      const drained = [...underWay].every(([epoch]) => epoch >= current.epoch)
      if (drained && acknowledged !== current.epoch) await report(current.epoch)
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the process cannot follow the migration')
    }
    if (!closed) timer = setTimeout(poll, POLL_MS)
  }

  async function run<T>(work: (migration: Migration) => Promise<T>): Promise<T> {
    const { epoch } = current
    // The last phase never changes, so it needs no lease.
    if (current.phase !== 'decommissioned' && performance.now() - leasedAt > LEASE_MS)
      throw unavailable('the state of the migration')
    underWay.set(epoch, (underWay.get(epoch) ?? 0) + 1)
    try {
      return await work(current)
    } finally {
      const left = underWay.get(epoch)! - 1
      if (left > 0) underWay.set(epoch, left)
      else underWay.delete(epoch)
    }
  }

  watchFence()
  await poll()
  return {
    id,
    current: () => current,
    read: run,
    async write(deadline, work) {
      while (current.fencedFor !== undefined) {
        if (isExpired(deadline)) throw deadlineExceeded('the migration')
        await Promise.race([changed.promise, timeout(remainingMs(deadline))])
      }
      return await run(work)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      clearTimeout(fenceTimer)
      await state.leave(id).catch(() => {}) // its report expires a little later
    },
  }
}

const timeout = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms).unref())

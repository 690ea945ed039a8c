import { AsyncLocalStorage } from 'node:async_hooks'
import { Session } from 'node:inspector'
import process from 'node:process'
import { setInterval } from 'node:timers'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { NatsConfig } from '../nats/connect.ts'

/**
 * Shared with the watchdog's thread: how many turns have ended, whether garbage is collected, and
 * two guilds.
 */
const BYTES = 24
const TURNS_AT = 0
const COLLECTING_AT = 4
const CURRENT_AT = 8
const LEAKING_AT = 16
const BEAT_MS = 50
/** Memory is measured again once the process has taken so much more than after the last time. */
const MEASURE_AGAIN = 1.1

export interface WatchdogOptions {
  readonly nats: NatsConfig
  /** The key of the host's lease, which the watchdog deletes before it ends the process. */
  readonly leaseKey: string
  /** CPU time in milliseconds that one turn of the event loop may take. */
  readonly maxTurnMs: number
  /** Live memory of the process in MiB: heap and buffers after a garbage collection. */
  readonly maxMemoryMb: number
}

export interface WatchdogData extends WatchdogOptions {
  readonly shared: SharedArrayBuffer
}

/**
 * Watches the event loop of this process from a thread of its own. An endless loop, or memory that
 * grows without end, stops every guild of the host, and the loop cannot report it. The thread then
 * quarantines the guild that is to blame, ends the lease, so that other hosts take over at once,
 * and kills the process.
 */
export interface Watchdog extends AsyncDisposable {
  readonly runAs: RunAs
}

/** Runs work, and all that follows from it, in the name of a guild. */
export type RunAs = <T>(guild: string, work: () => T) => T

/**
 * The guild whose code runs now, also after an `await`. The watchdog's thread reads it from the
 * paused loop, so it is a global variable.
 */
const runningGuild = new AsyncLocalStorage<string>()
Object.assign(globalThis, { thresholdRunningGuild: () => runningGuild.getStore() ?? '0' })

export function startWatchdog(options: WatchdogOptions): Watchdog {
  const shared = new SharedArrayBuffer(BYTES)
  const { turns, collecting, current, leaking } = viewsOf(shared)
  const workerData: WatchdogData = { ...options, shared }
  const thread = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData })
  thread.unref()
  /**
   * Net growth of the memory while each guild's code ran, in bytes. Memory that is collected then
   * counts for that guild, so a busy guild without a leak stays near zero. Code that goes on after
   * it has waited for a store or for NATS counts for the guild that was entered last.
   */
  const growth = new Map<string, number>()
  let entered = '0'
  let memory = usedMemory()

  function book(): void {
    const now = usedMemory()
    growth.set(entered, (growth.get(entered) ?? 0) + now - memory)
    memory = now
  }

  /** A full collection takes up to a second for each GiB, in which no guild is to blame. */
  function collectGarbage(): void {
    Atomics.store(collecting, 0, 1)
    const session = new Session()
    session.connect()
    session.post('HeapProfiler.collectGarbage')
    session.disconnect()
    memory = usedMemory()
    Atomics.add(turns, 0, 1)
    Atomics.store(collecting, 0, 0)
  }

  const maxMemory = options.maxMemoryMb * 2 ** 20
  let measureAbove = maxMemory
  const beat = setInterval(() => {
    Atomics.add(turns, 0, 1)
    // Most of it may be garbage: a busy machine collects that late.
    if (process.memoryUsage.rss() <= measureAbove) return
    book()
    collectGarbage()
    measureAbove = Math.max(maxMemory, process.memoryUsage.rss() * MEASURE_AGAIN)
    if (memory <= maxMemory) return
    const [[id] = ['0']] = [...growth].toSorted(([, a], [, b]) => b - a)
    leaking[0] = BigInt(id)
  }, BEAT_MS)
  beat.unref()
  return {
    runAs(guild, work) {
      if (guild !== entered) book()
      entered = guild
      current[0] = BigInt(guild)
      return runningGuild.run(guild, work)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      await thread.terminate()
    },
  }
}

function usedMemory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

export const viewsOf = (shared: SharedArrayBuffer) => ({
  turns: new Int32Array(shared, TURNS_AT, 1),
  /** 1 while the loop waits for a full garbage collection. */
  collecting: new Int32Array(shared, COLLECTING_AT, 1),
  /** The guild that was entered last. */
  current: new BigUint64Array(shared, CURRENT_AT, 1),
  /** The guild whose memory has grown most, once the process has too much. 0: it has not. */
  leaking: new BigUint64Array(shared, LEAKING_AT, 1),
})

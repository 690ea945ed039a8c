import { refuse } from '@threshold/contract'
import type { Clock, Deadline } from '@threshold/kit'
import pLimit from 'p-limit'

/** Concurrent requests at the start, and the least that a slow store can lower them to. */
const INITIAL_LIMIT = 16
const MIN_LIMIT = 2
/** The most waiting requests. Above it the oldest is shed, because most of its budget is over. */
const MAX_WAITING = 2_048
/** Once the oldest request has waited this long, the newest is served first. */
const OVERLOADED_MS = 100
/** How often waiting requests are checked for those that would be late. */
const SHED_INTERVAL_MS = 50

export interface AdmissionConfig {
  /** The most requests that may use the store concurrently. */
  readonly maxConcurrent: number
  /** Milliseconds that a request may take, with its wait. */
  readonly budgetMs: number
}

export interface Admission {
  /**
   * Runs `work` once the store has capacity for it. Throws 503 for a request that would be answered
   * after its deadline, before it has cost the store anything.
   */
  run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>
  /** The requests that run and wait now, and how many may run. */
  readonly load: { readonly running: number; readonly waiting: number; readonly limit: number }
}

interface WaitingRequest {
  readonly deadline: Deadline
  readonly since: number
  start(): Promise<void>
  shed(): void
}

/**
 * Limits how many requests use the store concurrently, and sheds those that would be late.
 *
 * A plain queue in front of an overloaded store serves every request just after its deadline, so
 * that no client gets an answer in time. Here the queue turns into a stack once requests have
 * waited for 100 ms, and a request is shed when less time is left to it than serving one takes
 * ("adaptive LIFO" and "controlled delay": Ben Maurer, "Fail at Scale", ACM Queue 2015).
 *
 * The limit follows the store as TCP's window follows a network. Each request that is served well
 * within its budget raises it, and one that takes over a quarter of its budget halves it (additive
 * increase, multiplicative decrease: Chiu and Jain, 1989). Until the first cut it rises by one a
 * request, as in slow start. An admitted request never waits again.
 */
export function createAdmission(
  { maxConcurrent, budgetMs }: AdmissionConfig,
  clock: Clock,
  onShed: () => void = () => {},
): Admission {
  const limit = pLimit(Math.min(INITIAL_LIMIT, maxConcurrent))
  const slowMs = budgetMs / 4
  const waiting: WaitingRequest[] = []
  let checking = false
  /** The limit before rounding. */
  let level = limit.concurrency
  let slowStart = true
  let loweredAt = Number.NEGATIVE_INFINITY
  /** A moving average of how long serving a request takes. */
  let typicalMs = 0

  async function measure<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const activeBefore = limit.activeCount
    try {
      return await work()
    } finally {
      adjustLimit(startedAt, Math.max(activeBefore, limit.activeCount))
    }
  }

  function adjustLimit(startedAt: number, concurrent: number): void {
    const now = performance.now()
    const tookMs = now - startedAt
    typicalMs += (tookMs - typicalMs) / 16
    // The time says nothing about the limit while less than half of it is in use.
    if (concurrent * 2 < level) return
    if (tookMs <= slowMs) level = Math.min(maxConcurrent, level + (slowStart ? 1 : 1 / level))
    // Requests that started before the last cut were served under the old limit.
    else if (startedAt >= loweredAt) {
      level = Math.max(MIN_LIMIT, level / 2)
      slowStart = false
      loweredAt = now
    }
    const whole = Math.floor(level)
    if (whole !== limit.concurrency) limit.concurrency = whole
  }

  /** Sheds the requests that would be late. The oldest comes first and has the least time left. */
  function shedLate(): void {
    const latest = clock.now() + Math.min(typicalMs, slowMs)
    while (waiting[0] && waiting[0].deadline.at <= latest) waiting.shift()?.shed()
  }

  function checkLater(): void {
    if (checking) return
    checking = true
    setTimeout(() => {
      checking = false
      shedLate()
      if (waiting.length > 0) checkLater()
    }, SHED_INTERVAL_MS)
  }

  /** A slot is free. It goes to the oldest request, or to the newest under overload. */
  function startNext(): Promise<void> | undefined {
    shedLate()
    const [oldest] = waiting
    if (oldest === undefined) return undefined
    return (clock.now() - oldest.since > OVERLOADED_MS ? waiting.pop() : waiting.shift())?.start()
  }

  return {
    get load() {
      return { running: limit.activeCount, waiting: waiting.length, limit: limit.concurrency }
    },
    run(deadline, work) {
      if (limit.activeCount < limit.concurrency) return limit(() => measure(work))
      if (waiting.length >= MAX_WAITING) waiting.shift()?.shed()
      return new Promise((resolve, reject) => {
        const { promise: turn, resolve: start } = Promise.withResolvers<void>()
        // The work stays in the trace of its request, since `then` is called in it. `start` is
        // called in the trace of another one.
        const served = turn.then(() => measure(work)).then(resolve, reject)
        waiting.push({
          deadline,
          since: clock.now(),
          start() {
            start()
            return served
          },
          shed() {
            onShed()
            reject(refuse.unavailable())
          },
        })
        checkLater()
        // p-limit counts the slots. `startNext` decides which request gets a free one.
        void limit(startNext)
      })
    },
  }
}

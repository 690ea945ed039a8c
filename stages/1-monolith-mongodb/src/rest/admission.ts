import { refuse } from '@threshold/contract'
import type { Clock, Deadline } from '@threshold/kit'
import pLimit from 'p-limit'

/**
 * Requests that use the store at once when the process starts, and at least, however slow the store
 * is.
 */
const START = 16
const LEAST = 2
/**
 * Requests that wait for it. Beyond that the oldest is shed, for the most of its budget is over.
 */
const MOST_WAITING = 2_048
/** Once a request has waited for so long, the newest is served first. */
const OVERLOADED_MS = 100
/** How soon a request whose budget is over is answered. */
const LOOK_EVERY_MS = 50

export interface AdmissionConfig {
  /** Requests that use the store at once at the most. */
  readonly most: number
  /** Milliseconds a request may take, all in. */
  readonly budgetMs: number
}

export interface Admission {
  /**
   * Runs work when the store has room for it. Refuses with 503 what would come too late, before it
   * has cost the store anything.
   */
  run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>
  /** Requests under way, and waiting. */
  readonly load: { readonly running: number; readonly waiting: number; readonly limit: number }
}

interface Waiting {
  readonly deadline: Deadline
  readonly since: number
  start(): Promise<void>
  shed(): void
}

/**
 * A store that is asked by more than it can answer in time answers nobody in time, if all wait
 * their turn: each is served when its budget is just over. So few are let in, the newest first
 * while others have waited, and those that wait are shed when the rest of their budget is less than
 * serving them takes ("adaptive LIFO" and "controlled delay": Ben Maurer, "Fail at Scale", ACM
 * Queue 2015).
 *
 * How many are let in follows the store, as TCP's window follows a network: one more for each that
 * was served well within its budget, half as many once it took more than a quarter of it (additive
 * increase, multiplicative decrease: Chiu and Jain, 1989). A request that has been let in is not
 * made to wait again.
 */
export function createAdmission(
  { most, budgetMs }: AdmissionConfig,
  clock: Clock,
  onShed: () => void = () => {},
): Admission {
  const limit = pLimit(Math.min(START, most))
  const slowMs = budgetMs / 4
  const waiting: Waiting[] = []
  let watched = false
  let level = limit.concurrency
  let growsFast = true
  let loweredAt = Number.NEGATIVE_INFINITY
  /** How long serving one request has lately taken. */
  let typicalMs = 0

  async function served<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const before = limit.activeCount
    try {
      return await work()
    } finally {
      learn(began, Math.max(before, limit.activeCount))
    }
  }

  function learn(began: number, together: number): void {
    const now = performance.now()
    const tookMs = now - began
    typicalMs += (tookMs - typicalMs) / 16
    // With less than half of the limit in use its time says nothing about the limit.
    if (together * 2 < level) return
    if (tookMs <= slowMs) level = Math.min(most, level + (growsFast ? 1 : 1 / level))
    // Those that were let in before the last cut tell of the limit as it was then.
    else if (began >= loweredAt) {
      level = Math.max(LEAST, level / 2)
      growsFast = false
      loweredAt = now
    }
    const whole = Math.floor(level)
    if (whole !== limit.concurrency) limit.concurrency = whole
  }

  /**
   * Sheds whom serving would take longer than they have left. The oldest is first, and has the
   * least.
   */
  function shedLate(): void {
    const latest = clock.now() + Math.min(typicalMs, slowMs)
    while (waiting[0] && waiting[0].deadline.at <= latest) waiting.shift()?.shed()
  }

  function watch(): void {
    if (watched) return
    watched = true
    setTimeout(() => {
      watched = false
      shedLate()
      if (waiting.length > 0) watch()
    }, LOOK_EVERY_MS)
  }

  /** For one of those that wait there is room now; not for a certain one. */
  function next(): Promise<void> | undefined {
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
      if (limit.activeCount < limit.concurrency) return limit(() => served(work))
      if (waiting.length >= MOST_WAITING) waiting.shift()?.shed()
      return new Promise((resolve, reject) => {
        waiting.push({
          deadline,
          since: clock.now(),
          start: () => served(work).then(resolve, reject),
          shed() {
            onShed()
            reject(refuse.unavailable())
          },
        })
        watch()
        void limit(next)
      })
    },
  }
}

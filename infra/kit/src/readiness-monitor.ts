import { deadlineAfter } from './deadline.ts'
import { type ReadinessCheck, type Reasons, unreadyReasons } from './readiness.ts'
import type { Runtime } from './runtime.ts'

/** How long a result is reused. Each check costs the databases a request. */
const FRESH_MS = 1_000
/**
 * Half of a request's budget. A request takes several steps, so a database that needs longer for
 * one step cannot serve it.
 */
const TIMEOUT_MS = 2_500
/** How many different reasons of one failing check are logged until it succeeds again. */
const MAX_LOGGED_REASONS = 5

export interface ReadinessMonitor extends Disposable {
  /**
   * Why the process cannot serve, by check; empty when it can. The answer is at most a second old.
   */
  reasons(): Promise<Reasons>
  /** Schedules a check within a second. Call it when a request failed. */
  checkSoon(): void
}

interface Failure {
  readonly since: number
  readonly logged: Set<string>
}

/**
 * Runs the checks on request, after a failed request, and then every second until they succeed. A
 * healthy process without requests runs none. Logs once why a check fails, and once that it
 * succeeds again.
 */
export function watchReadiness(
  checks: readonly ReadinessCheck[],
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): ReadinessMonitor {
  const failing = new Map<string, Failure>()
  let latest: { readonly at: number; readonly reasons: Reasons } | undefined
  let running: Promise<Reasons> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const age = (): number => performance.now() - (latest?.at ?? Number.NEGATIVE_INFINITY)

  function runChecks(): Promise<Reasons> {
    clearTimeout(timer)
    timer = undefined
    running ??= check().finally(() => {
      running = undefined
    })
    return running
  }

  async function check(): Promise<Reasons> {
    const at = performance.now()
    const reasons = await unreadyReasons(checks, deadlineAfter(TIMEOUT_MS, clock))
    latest = { at, reasons }
    logChanges(reasons)
    if (Object.keys(reasons).length > 0) schedule(FRESH_MS)
    return reasons
  }

  function schedule(ms: number): void {
    if (!closed) timer ??= setTimeout(() => void runChecks(), ms).unref()
  }

  function logChanges(reasons: Reasons): void {
    for (const [check, reason] of Object.entries(reasons)) {
      const failure = failing.get(check) ?? { since: performance.now(), logged: new Set<string>() }
      failing.set(check, failure)
      const { logged } = failure
      if (logged.has(reason) || logged.size >= MAX_LOGGED_REASONS) continue
      logged.add(reason)
      log.error({ check, reason }, 'not ready: requests fail')
    }
    for (const [check, { since }] of failing) {
      if (check in reasons) continue
      failing.delete(check)
      log.info({ check, seconds: Math.round((performance.now() - since) / 1_000) }, 'ready again')
    }
  }

  return {
    async reasons() {
      return running ?? (latest !== undefined && age() < FRESH_MS ? latest.reasons : runChecks())
    },
    checkSoon() {
      if (running === undefined) schedule(Math.max(0, FRESH_MS - age()))
    },
    [Symbol.dispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}

import { deadlineAfter } from './deadline.ts'
import { type ReadinessCheck, type Reasons, unreadyReasons } from './readiness.ts'
import type { Runtime } from './runtime.ts'

/**
 * How long the outcome of the checks is taken for the present one. They cost the databases
 * something.
 */
const FRESH_MS = 1_000
/**
 * Half of what a request may take: a database that needs longer for one step answers no request of
 * several.
 */
const WITHIN_MS = 2_500
/** Different reasons of one failing check that are logged, until it succeeds again. */
const MOST_REASONS = 5

export interface ReadinessMonitor extends Disposable {
  /** Why the process cannot serve, by check; empty when it can. At most a second old. */
  reasons(): Promise<Reasons>
  /** A request failed: look soon, though nobody asks. */
  checkSoon(): void
}

/**
 * Runs the checks when somebody asks, when a request has failed, and each second from a failure
 * until it is over; in a healthy process that nobody asks never. Logs once why a check fails, and
 * once that it succeeds again.
 */
export function watchReadiness(
  checks: readonly ReadinessCheck[],
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): ReadinessMonitor {
  const failing = new Map<string, { readonly since: number; readonly logged: Set<string> }>()
  let known: { readonly at: number; readonly reasons: Reasons } | undefined
  let looking: Promise<Reasons> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const age = (): number => performance.now() - (known?.at ?? Number.NEGATIVE_INFINITY)

  function look(): Promise<Reasons> {
    clearTimeout(timer)
    timer = undefined
    looking ??= check().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function check(): Promise<Reasons> {
    const at = performance.now()
    const reasons = await unreadyReasons(checks, deadlineAfter(WITHIN_MS, clock))
    known = { at, reasons }
    tell(reasons)
    if (Object.keys(reasons).length > 0) lookLater(FRESH_MS)
    return reasons
  }

  function lookLater(ms: number): void {
    if (!closed) timer ??= setTimeout(() => void look(), ms).unref()
  }

  function tell(reasons: Reasons): void {
    for (const [check, reason] of Object.entries(reasons)) {
      const { logged } = failing.get(check) ?? begin(check)
      if (logged.has(reason) || logged.size >= MOST_REASONS) continue
      logged.add(reason)
      log.error({ check, reason }, 'not ready: requests fail')
    }
    for (const [check, { since }] of failing) {
      if (check in reasons) continue
      failing.delete(check)
      log.info({ check, seconds: Math.round((performance.now() - since) / 1_000) }, 'ready again')
    }
  }

  function begin(check: string): { readonly since: number; readonly logged: Set<string> } {
    const entry = { since: performance.now(), logged: new Set<string>() }
    failing.set(check, entry)
    return entry
  }

  return {
    async reasons() {
      return looking ?? (known !== undefined && age() < FRESH_MS ? known.reasons : look())
    },
    checkSoon() {
      if (looking === undefined) lookLater(Math.max(0, FRESH_MS - age()))
    },
    [Symbol.dispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}

import { hasCode, type Runtime, unavailable } from '@threshold/kit'
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
  wrap,
} from 'cockatiel'
import { Gauge } from 'prom-client'

/** After this many failures in a row the circuit opens. */
const MAX_FAILURES = 5
const OPEN_MS = 2_000

interface CircuitOptions {
  /** The role or the service that is called, for errors, the log and the metric. */
  readonly role: string
  /** Calls under way at a time. Further ones are refused at once. */
  readonly maxConcurrent: number
  /**
   * After so many milliseconds an open circuit lets one call through, to see if it succeeds.
   * Default: 2,000.
   */
  readonly openMs?: number
}

/** Calls to something that may be down or slow. It then fails at once, and is spared. */
export interface Circuit {
  /**
   * Whether `run` would refuse a call now, because the calls before it failed and the next probe is
   * not due, or is under way.
   */
  readonly isOpen: boolean
  /**
   * Runs the call. Refuses it with `UNAVAILABLE`, which names the role, while the circuit is open
   * or too many calls are under way. An answer that `isFailure` picks counts as a failure too.
   */
  run<T>(call: () => Promise<T>, isFailure?: (answer: T) => boolean): Promise<T>
}

/**
 * Whether an error says that the other side is down or slow. Any other code is an answer, such as a
 * refusal of bad input.
 */
const isOutage = (error: unknown): boolean =>
  hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'NO_RESPONDERS')

type Outcome<T> = { readonly failed: boolean } & (
  | { readonly value: T }
  | { readonly error: unknown }
)

/** A role has one circuit at most, since its metric is registered once. */
export function createCircuit(
  { role, maxConcurrent, openMs = OPEN_MS }: CircuitOptions,
  { log, telemetry }: Pick<Runtime, 'log' | 'telemetry'>,
): Circuit {
  const breaker = circuitBreaker(
    handleWhenResult((outcome) => (outcome as Outcome<unknown>).failed),
    { breaker: new ConsecutiveBreaker(MAX_FAILURES), halfOpenAfter: openMs },
  )
  const policy = wrap(bulkhead(maxConcurrent), breaker)
  let probeAt = 0
  breaker.onBreak(() => {
    probeAt = Date.now() + openMs
    log.warn({ role }, 'the circuit is open: calls fail at once')
  })
  breaker.onReset(() => log.info({ role }, 'the circuit is closed'))
  new Gauge({
    name: 'threshold_circuit_open',
    help: '1 while calls to a role are refused because those before failed, otherwise 0.',
    labelNames: ['role'],
    registers: [telemetry.registry],
    collect() {
      this.set({ role }, breaker.state === CircuitState.Closed ? 0 : 1)
    },
  })

  /** Other callers must not wait for the probe, which may take all of its time. */
  const isOpen = (): boolean =>
    breaker.state === CircuitState.HalfOpen ||
    (breaker.state === CircuitState.Open && Date.now() < probeAt)
  const refusal = (cause?: unknown) => unavailable(role, cause, openMs)

  return {
    get isOpen() {
      return isOpen()
    },
    async run<T>(call: () => Promise<T>, isFailure: (answer: T) => boolean = () => false) {
      if (isOpen()) throw refusal()
      const outcome = await policy
        .execute(async (): Promise<Outcome<T>> => {
          try {
            const value = await call()
            return { value, failed: isFailure(value) }
          } catch (error) {
            return { error, failed: isOutage(error) }
          }
        })
        .catch((error: unknown) => {
          throw refusal(error)
        })
      if ('error' in outcome) throw outcome.error
      return outcome.value
    },
  }
}

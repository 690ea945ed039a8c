import {
  type Deadline,
  deadlineAfter,
  messageOf,
  type ReadinessCheck,
  type Runtime,
  type Timers,
} from '@threshold/kit'
import { PARTITIONS } from '../nats/partitions.ts'

const EVERY_MS = 1_000
const TIMEOUT_MS = 2_000
/** Longer than the partitions of a host that was killed are without an owner. */
const MAX_SILENCE_MS = 10_000

export interface Canary extends Disposable {
  /** Whether any message of any guild host has arrived lately. */
  readonly readiness: ReadinessCheck
}

/**
 * Asks the owner of one partition after the other for a message on the way that events take. A ping
 * to NATS shows only that there is a connection: this shows that what guild hosts send arrives.
 */
export function startCanary(
  canary: (partition: number, deadline: Deadline) => Promise<void>,
  timers: Timers,
  { clock, log, telemetry }: Pick<Runtime, 'clock' | 'log' | 'telemetry'>,
): Canary {
  let arrivedAt = clock.now()
  let partition = 0
  let cancel = (): void => {}
  let stopped = false
  async function next(): Promise<void> {
    partition = (partition + 1) % PARTITIONS
    try {
      const deadline = deadlineAfter(TIMEOUT_MS, clock)
      await telemetry.action('gateway.canary', {}, () => canary(partition, deadline))
      arrivedAt = clock.now()
    } catch (error) {
      log.debug({ partition, err: messageOf(error) }, 'no canary came from a guild host')
    }
    if (!stopped) cancel = timers.after(EVERY_MS, next)
  }
  cancel = timers.after(0, next)
  return {
    readiness: {
      name: 'delivery',
      reason() {
        const silentMs = clock.now() - arrivedAt
        return silentMs > MAX_SILENCE_MS
          ? `no guild host has delivered anything for ${Math.round(silentMs / 1_000)} s`
          : undefined
      },
    },
    [Symbol.dispose]() {
      stopped = true
      cancel()
    },
  }
}

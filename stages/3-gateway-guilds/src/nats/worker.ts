import {
  hasCode,
  type ReadinessCheck,
  type Runtime,
  type Timers,
  unavailable,
} from '@threshold/kit'
import type { Nats } from './connect.ts'
import { keepLease, LEASE_TTL_MS } from './leases.ts'

/** Worker numbers have ten bits in an id. */
const WORKERS = 1_024
const MAX_TRIES = 64

export interface Worker extends AsyncDisposable {
  readonly number: number
  /**
   * A function that throws `UNAVAILABLE` while the lease has ended. Another process may then have
   * the number.
   */
  guard<T>(make: () => T): () => T
  readonly readiness: ReadinessCheck
}

/**
 * Leases a worker number, which ids contain. Two processes never have the same one, so they never
 * make the same id. Rejects with `UNAVAILABLE` if all tries find a number that is taken.
 */
export async function leaseWorker(
  nats: Nats,
  timers: Timers,
  runtime: Pick<Runtime, 'clock' | 'log' | 'random'>,
): Promise<Worker> {
  const bucket = await nats.bucket('workers', { ttlMs: LEASE_TTL_MS })
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // Random, since many processes start at once.
    const number = runtime.random(2).readUInt16BE() % WORKERS
    try {
      const value = { v: 1 }
      const lease = await keepLease({ bucket, key: String(number), value, timers }, runtime)
      return {
        number,
        guard: (make) => () => {
          lease.current.limit({ at: 0 })
          return make()
        },
        readiness: {
          name: 'worker number',
          reason: () => (lease.current.ended.aborted ? 'its lease has ended' : undefined),
        },
        [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
      }
    } catch (error) {
      if (!hasCode(error, 'LEASE_TAKEN')) throw error
    }
  }
  throw unavailable('a free worker number')
}

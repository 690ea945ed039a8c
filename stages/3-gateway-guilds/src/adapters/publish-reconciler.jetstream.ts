import { randomUUID } from 'node:crypto'
import type { KV } from '@nats-io/kv'
import {
  deadlineAfter,
  encodeJson,
  messageOf,
  type Runtime,
  type Timers,
  unavailable,
} from '@threshold/kit'
import type { PendingChange, PublishChange, PublishReconciler } from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Nats } from '../nats/connect.ts'
import { watchBucket } from '../nats/leases.ts'

/**
 * Sessions do not live longer without their socket, and clients have fetched the history by then.
 */
const TTL_MS = 10 * 60_000
const INTERVAL_MS = 500
/** An attempt that its process has not settled by then is reconciled by any process. */
const ABANDONED_AFTER_MS = 15_000
/** A write whose caller timed out may still reach the store this much later. */
const WRITE_LANDS_WITHIN_MS = 30_000
const PUBLISH_TIMEOUT_MS = 4_000
/** Ids that requests of this process have published, so that a reconciler need not. */
const MAX_PUBLISHED_IDS = 16_384

const attemptSchema = z.object({
  v: z.literal(1),
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
  /** The request has failed, so nothing will settle the attempt but a reconciler. */
  failed: z.boolean(),
  changes: z.array(z.custom<PendingChange>((value) => (value as PendingChange | null)?.v === 1)),
})
type Attempt = z.output<typeof attemptSchema>

/**
 * Keeps each attempt in JetStream from before its change is stored until its event is published. An
 * attempt of a process that died is finished by any other: all processes look through the bucket,
 * and two that publish the same change do no harm, since the hub publishes an event id once.
 */
export async function jetStreamPublishReconciler(
  nats: Nats,
  timers: Timers,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): Promise<PublishReconciler> {
  const bucket: KV = await nats.bucket('pending', { ttlMs: TTL_MS })
  const published = new LRUCache<string, true>({ max: MAX_PUBLISHED_IDS })
  const pending = await watchBucket(bucket, attemptSchema, { log })
  /** Attempts of this process that are under way. They are not abandoned. */
  const underWay = new Set<string>()
  let publish: PublishChange | undefined
  let cancel = (): void => {}
  let closed = false

  /** The note of a plain delete would stay for as long as an attempt. */
  const remove = (key: string): Promise<void> => bucket.purge(key, { ttl: '1s' })
  const save = (key: string, attempt: Attempt): Promise<number> =>
    bucket.put(key, encodeJson(attempt))

  /** Publishes the changes of an attempt that are stored. Returns those that may still be. */
  async function finish(changes: readonly PendingChange[]): Promise<PendingChange[]> {
    const absent: PendingChange[] = []
    for (const change of changes) {
      if (published.delete(change.eventId)) continue
      const outcome = await publish!(change, deadlineAfter(PUBLISH_TIMEOUT_MS, clock))
      if (outcome === 'absent') absent.push(change)
    }
    return absent
  }

  async function reconcile(key: string, attempt: Attempt): Promise<void> {
    const age = clock.now() - attempt.at
    if (!attempt.failed && (underWay.has(key) || age < ABANDONED_AFTER_MS)) return
    const absent = await finish(attempt.changes)
    if (absent.length === 0 || age > WRITE_LANDS_WITHIN_MS) await remove(key)
    else if (absent.length < attempt.changes.length)
      await save(key, { ...attempt, changes: absent })
  }

  async function reconcileAll(): Promise<void> {
    for (const [key, { value }] of pending.entries) {
      if (closed) return
      await reconcile(key, value).catch((error: unknown) =>
        log.warn({ err: messageOf(error) }, 'a change that may be stored waits to be published'),
      )
    }
    schedule()
  }
  const schedule = (): void => {
    if (!closed) cancel = timers.after(INTERVAL_MS, () => void reconcileAll())
  }

  return {
    start(publishChange) {
      publish = publishChange
      schedule()
    },
    async begin(changes) {
      const key = randomUUID()
      const attempt: Attempt = { v: 1, at: clock.now(), failed: false, changes: [...changes] }
      underWay.add(key)
      try {
        await save(key, attempt)
      } catch (error) {
        underWay.delete(key)
        throw unavailable('NATS', error)
      }
      const forget = (work: Promise<unknown>): void => {
        underWay.delete(key)
        // If this fails, the attempt counts as abandoned later.
        work.catch((error: unknown) => log.debug({ err: messageOf(error) }, 'a pending change'))
      }
      return {
        reconcile: () => forget(save(key, { ...attempt, failed: true })),
        settle: () => forget(remove(key)),
      }
    },
    published(eventIds) {
      for (const id of eventIds) published.set(id, true)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      cancel()
      await pending[Symbol.asyncDispose]()
    },
  }
}

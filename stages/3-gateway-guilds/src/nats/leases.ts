import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import {
  CodedError,
  type Deadline,
  decodeJson,
  encodeJson,
  hasCode,
  messageOf,
  type Runtime,
  type Timers,
  unavailable,
} from '@threshold/kit'
import pRetry from 'p-retry'
import type { z } from 'zod'
import { type Nats, untilAnswered } from './connect.ts'

/** A lease that is not renewed ends after this time, in milliseconds. */
export const LEASE_TTL_MS = 3_000
const RENEW_EVERY_MS = 1_000
const RETRY_MS = 200
/** Tries more than the first for the first lease, when a process starts on a busy machine. */
const FIRST_RETRIES = 20
const REQUEST_TIMEOUT_MS = 800
/**
 * The holder stops this much before NATS ends the lease. It covers the time between the server's
 * stamp and the holder's, and the difference in how fast their clocks run.
 */
const SAFETY_MS = 500
const WRONG_REVISION = 10_071
/** Between two looks at whether a watched bucket is empty. */
const EMPTY_AGAIN_MS = 50

/**
 * The right of one process to act, for as long as it renews it. NATS ends the lease `LEASE_TTL_MS`
 * after the last renewal, and others then take over. The holder counts from the moment at which it
 * sent that renewal, and so is always earlier. It needs clocks that run equally fast. They need not
 * show the same time.
 */
export interface Lease extends AsyncDisposable {
  readonly key: string
  /** Aborts when the lease has ended, for whatever reason. */
  readonly ended: AbortSignal
  /** `deadline`, or the end of the lease if it is earlier. Throws `UNAVAILABLE` after the end. */
  limit(deadline: Deadline): Deadline
  /** Changes what others read, by a renewal at once. */
  setValue(value: unknown): void
  /** Ends the lease at once, so that others need not wait. */
  drop(): Promise<void>
}

interface LeaseOptions {
  readonly bucket: KV
  readonly key: string
  readonly value: unknown
  readonly timers: Timers
}

/** Rejects with `LEASE_TAKEN` if another process holds the key. */
export async function acquireLease(
  { bucket, key, value, timers }: LeaseOptions,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): Promise<Lease> {
  const ended = new AbortController()
  let current = value
  let sent = encodeJson(value)
  let cancelTimer = (): void => {}
  let validUntil = performance.now() + LEASE_TTL_MS - SAFETY_MS
  let isRenewing = false
  let revision: number
  try {
    revision = await bucket.create(key, encodeJson(current))
  } catch (error) {
    if (!isWrongRevision(error)) throw unavailable('NATS', error)
    throw new CodedError('LEASE_TAKEN', `another process holds ${key}`)
  }

  const end = (why: string): void => {
    if (ended.signal.aborted) return
    cancelTimer()
    log.warn({ lease: key, why }, 'the lease has ended')
    ended.abort(unavailable(`the lease ${key}`))
  }

  async function renew(): Promise<void> {
    if (remaining() <= 0) return end('it was not renewed in time')
    const sentAt = performance.now()
    const renewed = current
    isRenewing = true
    try {
      const timeout = Math.min(REQUEST_TIMEOUT_MS, remaining())
      sent = encodeJson(renewed)
      revision = await bucket.update(key, sent, revision, timeout)
      validUntil = sentAt + LEASE_TTL_MS - SAFETY_MS
      next(renewed === current ? RENEW_EVERY_MS : 0)
    } catch (error) {
      if (isWrongRevision(error) && !(await isStillOurs())) return end('another process holds it')
      log.warn({ lease: key, err: messageOf(error) }, 'the lease was not renewed; trying again')
      next(RETRY_MS)
    } finally {
      isRenewing = false
    }
  }

  /**
   * A renewal whose acknowledgement was lost has changed the revision. The entry is then ours, with
   * another revision; otherwise it is gone, or another process has it.
   */
  async function isStillOurs(): Promise<boolean> {
    try {
      const entry = await bucket.get(key)
      if (entry?.operation !== 'PUT' || entry.string() !== sent) return false
      revision = entry.revision
      return true
    } catch {
      return true // unknown: the end of the lease decides
    }
  }

  const remaining = (): number => validUntil - performance.now()
  const next = (ms: number): void => {
    cancelTimer()
    if (!ended.signal.aborted)
      cancelTimer = timers.after(Math.min(ms, Math.max(0, remaining())), () => void renew())
  }
  next(RENEW_EVERY_MS)

  async function drop(): Promise<void> {
    const wasHeld = !ended.signal.aborted
    end('it was dropped')
    if (wasHeld) await bucket.delete(key, { previousSeq: revision }).catch(() => {})
  }

  return {
    key,
    ended: ended.signal,
    limit(deadline) {
      const left = remaining()
      // A process that was paused finds out here: its timers have not run yet.
      if (left <= 0) end('it was not renewed in time')
      ended.signal.throwIfAborted()
      return { at: Math.min(deadline.at, clock.now() + left) }
    },
    setValue(changed) {
      current = changed
      if (!isRenewing) next(0)
    },
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

/** A lease under one key that is acquired again whenever it has ended. */
export interface KeptLease extends AsyncDisposable {
  /** The newest lease. It has ended while NATS is away, or while another process holds the key. */
  readonly current: Lease
  /** Changes what others read, at once, and for the leases that follow. */
  setValue(value: unknown): void
}

/**
 * Acquires a lease, and acquires it again after each end, for as long as it takes. `onAcquired` is
 * called for each lease, the first one included. Nothing goes on from one lease to the next.
 * Rejects as `acquireLease` does if the first one cannot be had, also after some tries.
 */
export async function keepLease(
  options: LeaseOptions,
  runtime: Pick<Runtime, 'clock' | 'log'>,
  onAcquired: (lease: Lease) => void = () => {},
): Promise<KeptLease> {
  const closing = new AbortController()
  let { value } = options
  let mayBeOurs = false
  let current = await pRetry(() => acquireLease(options, runtime), {
    retries: FIRST_RETRIES,
    minTimeout: RETRY_MS,
    factor: 1,
    shouldRetry({ error }) {
      // A request that was not answered may have been stored, and then the key is taken.
      mayBeOurs ||= hasCode(error, 'UNAVAILABLE')
      return mayBeOurs
    },
  })

  function hold(lease: Lease): void {
    current = lease
    // It may have changed while this lease was acquired.
    lease.setValue(value)
    lease.ended.addEventListener('abort', () => {
      acquireAgain().catch((error: unknown) => {
        if (!closing.signal.aborted) throw error
      })
    })
    onAcquired(lease)
  }

  async function acquireAgain(): Promise<void> {
    closing.signal.throwIfAborted()
    const lease = await pRetry(() => acquireLease({ ...options, value }, runtime), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: RETRY_MS,
      factor: 1,
      signal: closing.signal,
    })
    runtime.log.info({ lease: options.key }, 'the lease was acquired again')
    if (closing.signal.aborted) await lease.drop()
    else hold(lease)
  }

  hold(current)
  return {
    get current() {
      return current
    },
    setValue(changed) {
      value = changed
      current.setValue(changed)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await current.drop()
    },
  }
}

const isWrongRevision = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_REVISION

/** The entries of a bucket, kept up to date. A key that ended is gone. */
export interface Watched<T> extends AsyncDisposable {
  readonly entries: ReadonlyMap<string, { readonly value: T; readonly revision: number }>
  /** Calls back after each change. */
  onChange(callback: (key: string) => void): void
}

/** Resolves once all present entries are read. An entry that does not fit the schema is ignored. */
export async function watchBucket<T>(
  bucket: KV,
  schema: z.ZodType<T>,
  { log }: Pick<Runtime, 'log'>,
): Promise<Watched<T>> {
  const entries = new Map<string, { value: T; revision: number }>()
  const callbacks: ((key: string) => void)[] = []
  const watcher = await untilAnswered(() => bucket.watch())
  const ready = Promise.withResolvers<void>()
  let isReady = false
  void (async () => {
    for await (const entry of watcher) {
      const { key, revision, operation, delta } = entry
      if (operation === 'PUT') {
        const value = parseEntry(schema, entry.value)
        if (value === undefined) log.warn({ key }, 'an entry of a bucket is not valid')
        else entries.set(key, { value, revision })
      } else entries.delete(key)
      if (!delta) {
        isReady = true
        ready.resolve()
      }
      for (const callback of callbacks) callback(key)
    }
  })()
  // No entry comes from an empty bucket. One that expires before it is delivered never comes.
  while (!isReady && (await untilAnswered(() => bucket.status())).values > 0)
    await Promise.race([ready.promise, sleep(EMPTY_AGAIN_MS)])
  return {
    entries,
    onChange: (callback) => void callbacks.push(callback),
    async [Symbol.asyncDispose]() {
      watcher.stop()
    },
  }
}

function parseEntry<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  try {
    return schema.parse(decodeJson(bytes))
  } catch {
    return undefined
  }
}

/** The bucket of all leases. */
export const leaseBucket = (nats: Nats): Promise<KV> =>
  nats.bucket('leases', { ttlMs: LEASE_TTL_MS })

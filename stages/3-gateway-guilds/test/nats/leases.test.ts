import { setTimeout as delay } from 'node:timers/promises'
import {
  deadlineAfter,
  encodeJson,
  silentLog,
  systemClock,
  systemTimers,
  type Timers,
} from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { acquireLease, LEASE_TTL_MS, leaseBucket, watchBucket } from '../../src/nats/leases.ts'
import { type NatsFixture, natsFixture } from './fixture.ts'

const runtime = { clock: systemClock, log: silentLog }
const WAIT = { timeout: 20_000, interval: 20 }

describe('a lease', () => {
  const use = new AsyncDisposableStack()
  let fixture: NatsFixture
  beforeAll(async () => {
    fixture = await natsFixture(use)
  }, 60_000)
  afterAll(() => use.disposeAsync())

  let keys = 0
  const newKey = (): string => {
    keys += 1
    return `key${keys}`
  }
  async function acquire(key: string, timers: Timers = systemTimers) {
    const bucket = await leaseBucket(await fixture.connect())
    return acquireLease({ bucket, key, value: { v: 1, name: key }, timers }, runtime)
  }

  it('is held by one process at a time, and free again once it is dropped', async () => {
    const key = newKey()
    const lease = await acquire(key)
    await expect(acquire(key)).rejects.toMatchObject({ code: 'LEASE_TAKEN' })
    await lease.drop()
    expect(lease.ended.aborted).toBe(true)
    await using _ = await acquire(key)
  })

  it('outlives its TTL while it is renewed, and limits deadlines to its end', async () => {
    await using lease = await acquire(newKey())
    await delay(LEASE_TTL_MS + 1_000)
    expect(lease.ended.aborted).toBe(false)
    const { at } = lease.limit(deadlineAfter(60_000))
    expect(at).toBeLessThan(Date.now() + LEASE_TTL_MS)
    const soon = deadlineAfter(1)
    expect(lease.limit(soon).at).toBe(soon.at)
  })

  it('ends for its holder before others can take it, if the holder cannot renew it', async () => {
    const key = newKey()
    const stopped: Timers = { after: () => () => {} }
    const lease = await acquire(key, stopped)
    const endsAt = Date.now() + LEASE_TTL_MS
    await vi.waitFor(() => expect(() => lease.limit(deadlineAfter(60_000))).toThrow(), WAIT)
    expect(Date.now()).toBeLessThan(endsAt)
    expect(lease.ended.aborted).toBe(true)
    await expect(acquire(key)).rejects.toMatchObject({ code: 'LEASE_TAKEN' })
    await vi.waitFor(async () => await using_(await acquire(key)), WAIT)
  })

  it('is gone for those who watch, soon after its holder stopped', async () => {
    const key = newKey()
    const bucket = await leaseBucket(await fixture.connect())
    const schema = z.object({ v: z.literal(1), name: z.string() })
    await using watched = await watchBucket(bucket, schema, runtime)
    const stopped: Timers = { after: () => () => {} }
    await acquire(key, stopped)
    await vi.waitFor(
      () => expect(watched.entries.get(key)?.value).toEqual({ v: 1, name: key }),
      WAIT,
    )
    const since = Date.now()
    await vi.waitFor(() => expect(watched.entries.has(key)).toBe(false), WAIT)
    expect(Date.now() - since).toBeGreaterThan(LEASE_TTL_MS / 2)
  })

  it('goes on after NATS was killed and restarted within its time', async () => {
    await using lease = await acquire(newKey())
    await fixture.kill()
    await fixture.restart()
    await delay(LEASE_TTL_MS + 500)
    expect(lease.ended.aborted).toBe(false)
  })

  it('shows a changed value at once', async () => {
    const key = newKey()
    const bucket = await leaseBucket(await fixture.connect())
    await using watched = await watchBucket(bucket, z.object({ load: z.number() }), runtime)
    await using lease = await acquire(key)
    lease.setValue({ load: 5 })
    await vi.waitFor(() => expect(watched.entries.get(key)?.value).toEqual({ load: 5 }), WAIT)
  })
})

describe('a watched bucket', () => {
  it('is ready although its last entry has expired before it was delivered', async () => {
    await using use = new AsyncDisposableStack()
    const { connect } = await natsFixture(use)
    const nats = await connect()
    const bucket = await nats.bucket('expiring', { ttlMs: 1_000 })
    await bucket.put('a', encodeJson({ v: 1 }))
    const values = async () => (await bucket.status()).values
    const expired: Pick<typeof bucket, 'watch'> = {
      async watch() {
        await vi.waitFor(async () => expect(await values()).toBe(0), WAIT)
        return bucket.watch()
      },
    }
    const delayed = Object.assign(Object.create(bucket) as typeof bucket, expired)
    expect(await values()).toBe(1)
    await using watched = await watchBucket(delayed, z.object({ v: z.int() }), runtime)
    expect([...watched.entries]).toEqual([])
    await bucket.put('b', encodeJson({ v: 2 }))
    await vi.waitFor(() => expect(watched.entries.get('b')?.value).toEqual({ v: 2 }), WAIT)
  }, 60_000)
})

async function using_(lease: AsyncDisposable): Promise<void> {
  await lease[Symbol.asyncDispose]()
}

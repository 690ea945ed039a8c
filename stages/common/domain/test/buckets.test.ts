import { compareIds, DISCORD_EPOCH, firstIdAt } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf } from '../src/index.ts'

const DAY_MS = 86_400_000
const id = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)
const days = fc.integer({ min: 1, max: 365 })

describe('the bucket of a message', () => {
  it('never goes down as ids go up: buckets are ranges of time, one after the other', () =>
    fc.assert(
      fc.property(id, id, days, (a, b, width) => {
        const [older, newer] = compareIds(a, b) <= 0 ? [a, b] : [b, a]
        expect(bucketOf(older, width)).toBeLessThanOrEqual(bucketOf(newer, width))
      }),
    ))

  it('begins at the first id of its first day, and lasts its width', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), days, (bucket, width) => {
        const start = firstIdAt(DISCORD_EPOCH + bucket * width * DAY_MS)
        expect(bucketOf(start, width)).toBe(bucket)
        expect(bucketOf(String(BigInt(start) - 1n), width)).toBe(bucket - 1)
      }),
    ))

  it('of messages in one bucket is the same however many share a millisecond', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5_000 * DAY_MS }),
        fc.bigInt({ min: 0n, max: (1n << 22n) - 1n }),
        days,
        (ms, rest, width) => {
          const first = firstIdAt(DISCORD_EPOCH + ms)
          expect(bucketOf(String(BigInt(first) + rest), width)).toBe(bucketOf(first, width))
        },
      ),
    ))

  it('is a number that a database’s int holds, for every id that there can be', () =>
    fc.assert(
      fc.property(id, days, (some, width) => {
        const bucket = bucketOf(some, width)
        expect(Number.isInteger(bucket)).toBe(true)
        expect(bucket).toBeGreaterThanOrEqual(0)
        expect(bucket).toBeLessThan(2 ** 31)
      }),
    ))
})

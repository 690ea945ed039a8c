import { compareIds, DISCORD_EPOCH, firstIdAt } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf } from '../src/index.ts'

const DAY_MS = 86_400_000
const id = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)
const days = fc.integer({ min: 1, max: 365 })

describe('the bucket of a message', () => {
  it('never decreases with rising ids', () =>
    fc.assert(
      fc.property(id, id, days, (a, b, width) => {
        const [older, newer] = compareIds(a, b) <= 0 ? [a, b] : [b, a]
        expect(bucketOf(older, width)).toBeLessThanOrEqual(bucketOf(newer, width))
      }),
    ))

  it('starts at the first id of its first day, and has its width', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), days, (bucket, width) => {
        const start = firstIdAt(DISCORD_EPOCH + bucket * width * DAY_MS)
        expect(bucketOf(start, width)).toBe(bucket)
        expect(bucketOf(String(BigInt(start) - 1n), width)).toBe(bucket - 1)
      }),
    ))

  it('is the same for all ids of a millisecond', () =>
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

  it('fits an int of a database for every id', () =>
    fc.assert(
      fc.property(id, days, (some, width) => {
        const bucket = bucketOf(some, width)
        expect(Number.isInteger(bucket)).toBe(true)
        expect(bucket).toBeGreaterThanOrEqual(0)
        expect(bucket).toBeLessThan(2 ** 31)
      }),
    ))
})

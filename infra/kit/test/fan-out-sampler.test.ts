import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fanOutShare } from '../src/fan-out-sampler.ts'

describe('the share of traces that is kept', () => {
  it('falls from all for one recipient to a thousandth for ten thousand', () => {
    expect(fanOutShare(1)).toBe(1)
    expect(fanOutShare(100)).toBeCloseTo(0.1)
    expect(fanOutShare(10_000)).toBeCloseTo(0.001)
    expect(fanOutShare(10_000_000)).toBe(0.001)
  })

  it('never rises with the number of recipients, and stays between a thousandth and one', () => {
    const recipients = fc.oneof(fc.nat(20_000), fc.double({ min: 0, max: 20_000, noNaN: true }))
    fc.assert(
      fc.property(recipients, recipients, (a, b) => {
        const [few, many] = a < b ? [a, b] : [b, a]
        expect(fanOutShare(many)).toBeLessThanOrEqual(fanOutShare(few) * (1 + 1e-9))
        expect(fanOutShare(few)).toBeGreaterThanOrEqual(0.001)
        expect(fanOutShare(few)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createLatency,
  latencyOf,
  mergeLatency,
  percentileMs,
  recordMs,
} from '../src/load/latency.ts'

const values = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
})

const record = (all: readonly number[]) => {
  const histogram = createLatency()
  for (const ms of all) recordMs(histogram, ms)
  return latencyOf(histogram)
}

describe('latency', () => {
  it('of merged rounds equals that of all their samples', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(mergeLatency([record(a), record(b)])).toEqual(record([...a, ...b]))
      }),
      { numRuns: 40 },
    )
  })

  it('keeps the largest value to three digits, and its curve never falls', () => {
    fc.assert(
      fc.property(values, (all) => {
        const latency = record(all)
        const largest = Math.max(...all)
        expect(Math.abs(percentileMs(latency, 100) - largest) / largest).toBeLessThan(0.1)
        const ms = latency.curve.map(([, value]) => value)
        expect(ms).toEqual(ms.toSorted((a, b) => a - b))
      }),
      { numRuns: 40 },
    )
  })

  it('is unknown without samples', () => {
    expect(percentileMs(record([]), 99)).toBeNaN()
    expect(mergeLatency([]).curve).toEqual([])
  })

  it('omits percentiles with less than one sample above them', () => {
    expect(
      record(Array.from({ length: 50 }, (_, index) => index + 1)).curve.map(
        ([percentile]) => percentile,
      ),
    ).not.toContain(99)
  })
})

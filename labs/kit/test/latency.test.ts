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
  it('of rounds added up is that of all their samples together', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(mergeLatency([record(a), record(b)])).toEqual(record([...a, ...b]))
      }),
      { numRuns: 40 },
    )
  })

  it('tells the largest to three digits, and never sorts its curve the wrong way', () => {
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

  it('of nothing is unknown', () => {
    expect(percentileMs(record([]), 99)).toBeNaN()
    expect(mergeLatency([]).curve).toEqual([])
  })

  it('leaves out percentiles that less than one sample lies beyond', () => {
    expect(
      record(Array.from({ length: 50 }, (_, index) => index + 1)).curve.map(
        ([percentile]) => percentile,
      ),
    ).not.toContain(99)
  })
})

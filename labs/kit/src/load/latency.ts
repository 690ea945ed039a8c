import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'
import type { Latency } from './report.ts'

const LONGEST_US = 120_000_000

/** The percentiles of a curve. A curve omits those that it has too few samples for. */
const PERCENTILES = [
  0, 10, 25, 50, 65, 75, 80, 85, 90, 93, 95, 97, 98, 99, 99.3, 99.5, 99.7, 99.8, 99.9, 99.95, 99.98,
  99.99, 100,
]

/**
 * Creates a histogram from 1 µs to two minutes with three significant digits. Its size is a few
 * hundred kilobytes, independent of the number of values.
 */
export const createLatency = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  })

export function recordMs(histogram: Histogram, ms: number): void {
  if (!Number.isFinite(ms)) return
  histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(ms * 1_000))))
}

export function latencyOf(histogram: Histogram): Latency {
  const count = histogram.totalCount
  return {
    count,
    curve: curveOf(histogram),
    encoded: count === 0 ? '' : encodeIntoCompressedBase64(histogram),
  }
}

/** Merges several rounds. Percentiles cannot be averaged, but histograms can be added. */
export function mergeLatency(latencies: readonly Latency[]): Latency {
  const sum = createLatency()
  for (const { count, encoded } of latencies)
    if (count > 0) sum.add(decodeFromCompressedBase64(encoded))
  return latencyOf(sum)
}

/** Returns NaN if there are no samples. */
export function percentileMs(latency: Latency, percentile: number): number {
  if (latency.count === 0) return Number.NaN
  return decodeFromCompressedBase64(latency.encoded).getValueAtPercentile(percentile) / 1_000
}

function curveOf(histogram: Histogram): [number, number][] {
  const count = histogram.totalCount
  if (count === 0) return []
  // A percentile with less than one sample above it only repeats the maximum.
  const percentiles = PERCENTILES.filter(
    (percentile) => percentile === 100 || count * (1 - percentile / 100) >= 1,
  )
  return percentiles.map((percentile) => [
    percentile,
    histogram.getValueAtPercentile(percentile) / 1_000,
  ])
}

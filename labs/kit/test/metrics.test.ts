import { describe, expect, it } from 'vitest'
import { counterIncrease } from '../src/run/engine-counters.ts'
import { byLabel, metric, parseMetrics } from '../src/run/metrics.ts'

const TEXT = `# HELP threshold_store_operations_total Operations on the store.
# TYPE threshold_store_operations_total counter
threshold_store_operations_total{operation="message.insert",outcome="ok",service="stage-1"} 12
threshold_store_operations_total{operation="message.insert",outcome="error",service="stage-1"} 1
threshold_store_operations_total{operation="message.page",outcome="ok",service="stage-1"} 7
process_cpu_seconds_total{service="stage-1"} 1.5e+1
up 1
`

describe("a stage's metrics", () => {
  it('are parsed with their labels and exponents', () => {
    const metrics = parseMetrics(TEXT)
    expect(metrics.size).toBe(5)
    expect(metric(metrics, 'process_cpu_seconds_total')).toBe(15)
    expect(metric(metrics, 'up')).toBe(1)
    expect(metric(metrics, 'process_cpu')).toBeNaN()
  })

  it('are summed by a label', () => {
    expect(byLabel(parseMetrics(TEXT), 'threshold_store_operations_total', 'operation')).toEqual({
      'message.insert': 13,
      'message.page': 7,
    })
  })

  it('increase from zero if a counter is new', () => {
    expect(counterIncrease({ a: 1, removed: 5 }, { a: 4, b: 2 })).toEqual({ a: 3, b: 2 })
  })
})

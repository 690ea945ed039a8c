import { performance } from 'node:perf_hooks'
import { type Attributes, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { messageOf } from './errors.ts'
import { createTracing } from './tracing.ts'

export interface Telemetry extends AsyncDisposable {
  /** Prometheus text, for GET /metrics. */
  readonly registry: Registry
  readonly tracer: Tracer
  /**
   * Times a named action (`message.send`, `gateway.identify`): a histogram in seconds and a span,
   * also when it fails.
   */
  action<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>
}

export interface TelemetryOptions {
  readonly service: string
  /**
   * OTLP over HTTP, such as http://127.0.0.1:4318; none means spans cost next to nothing and go
   * nowhere.
   */
  readonly otlpUrl?: string | undefined
  /** Share of traces kept, 0–1. Fan-out lowers it further, see `fanOutShare`. */
  readonly sampleShare?: number
}

/**
 * Metrics every process of every stage has: process, event loop with its maximum gap, and
 * per-action timings.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = new Registry()
  registry.setDefaultLabels({ service: options.service })
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 })
  const stopGap = measureEventLoopGap(registry)
  const tracing = createTracing(options)
  const seconds = new Histogram({
    name: 'threshold_action_seconds',
    help: 'Time of an action, by name and outcome.',
    labelNames: ['action', 'outcome'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  })

  return {
    registry,
    tracer: tracing.tracer,
    action(name, attributes, work) {
      return tracing.tracer.startActiveSpan(name, { attributes }, async (span) => {
        const start = performance.now()
        let outcome = 'ok'
        try {
          return await work(span)
        } catch (error) {
          outcome = 'error'
          span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
          throw error
        } finally {
          seconds.observe({ action: name, outcome }, (performance.now() - start) / 1_000)
          span.end()
        }
      })
    },
    async [Symbol.asyncDispose]() {
      stopGap()
      registry.clear()
      await tracing.close()
    },
  }
}

/** How often the loop is asked whether it still turns. */
const TICK_MS = 10

/**
 * The longest time the event loop stood still since the last scrape. A mean or a p99 of event-loop
 * delay hides the one second in which nobody was served; the maximum does not. Node's own
 * `monitorEventLoopDelay` would do but for one thing: after a `reset` it lets the next tick pass
 * unmeasured, and a stall that follows upon a scrape would never be seen.
 */
function measureEventLoopGap(registry: Registry): () => void {
  let last = performance.now()
  let longest = 0
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last - TICK_MS)
    last = now
  }
  const timer = setInterval(look, TICK_MS).unref()
  new Gauge({
    name: 'threshold_event_loop_gap_max_seconds',
    help: 'Longest event-loop stall since the previous scrape.',
    registers: [registry],
    collect() {
      look() // a scrape may be the first to run after a stall
      this.set(longest / 1_000)
      longest = 0
    },
  })
  return () => clearInterval(timer)
}

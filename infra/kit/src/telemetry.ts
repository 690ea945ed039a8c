import { performance } from 'node:perf_hooks'
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { messageOf } from './errors.ts'
import { createTracing, type Tracing } from './tracing.ts'

export interface Telemetry
  extends AsyncDisposable,
    Pick<Tracing, 'tracer' | 'carrier' | 'continueTrace'> {
  /** The metrics that GET /metrics serves. */
  readonly registry: Registry
  /**
   * Runs `work` as a named action such as `message.send`. Records its time in a histogram (seconds,
   * by name and outcome) and in a span, also when it fails, and settles as `work` does. The
   * actions, steps and fan-outs that `work` causes are below it in its trace.
   */
  action<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>
  /**
   * Runs `work` as a step of the active action, such as one operation of a store. It gets a span,
   * and no histogram. Outside of an action it gets none: a worker that polls would fill the
   * collector with traces of one span.
   */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
}

export interface TelemetryOptions {
  readonly service: string
  /** Collector for OTLP over HTTP, such as http://127.0.0.1:4318. Tracing is off without it. */
  readonly otlpUrl?: string | undefined
}

/**
 * The metrics that every process has: those of the process itself, of the event loop with its
 * longest stall, and the time of each action.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = new Registry()
  registry.setDefaultLabels({ service: options.service })
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 })
  const stopMeasuring = measureEventLoopGap(registry)
  const tracing = createTracing(options)
  const { tracer } = tracing
  const seconds = new Histogram({
    name: 'threshold_action_seconds',
    help: 'Time of an action, by name and outcome.',
    labelNames: ['action', 'outcome'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  })

  return {
    registry,
    tracer,
    carrier: tracing.carrier,
    continueTrace: tracing.continueTrace,
    action(name, attributes, work) {
      return tracer.startActiveSpan(name, { attributes }, async (span) => {
        const start = performance.now()
        let outcome = 'ok'
        try {
          return await work(span)
        } catch (error) {
          outcome = 'error'
          setFailed(span, error)
          throw error
        } finally {
          seconds.observe({ action: name, outcome }, (performance.now() - start) / 1_000)
          span.end()
        }
      })
    },
    step(name, work) {
      if (!tracing.isActive()) return work()
      return tracer.startActiveSpan(name, async (span) => {
        try {
          return await work()
        } catch (error) {
          setFailed(span, error)
          throw error
        } finally {
          span.end()
        }
      })
    },
    async [Symbol.asyncDispose]() {
      stopMeasuring()
      registry.clear()
      await tracing.close()
    },
  }
}

const setFailed = (span: Span, error: unknown): void =>
  void span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })

const TICK_MS = 10

/**
 * Reports the longest stall of the event loop since the last scrape. A mean or a p99 of event-loop
 * delay hides the one second in which the process served no request. Node's `monitorEventLoopDelay`
 * cannot replace this: after a `reset` it skips the next tick, and so misses a stall that directly
 * follows a scrape.
 */
function measureEventLoopGap(registry: Registry): () => void {
  let last = performance.now()
  let longest = 0
  const tick = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last - TICK_MS)
    last = now
  }
  const timer = setInterval(tick, TICK_MS).unref()
  new Gauge({
    name: 'threshold_event_loop_gap_max_seconds',
    help: 'Longest event-loop stall since the previous scrape.',
    registers: [registry],
    collect() {
      tick() // the scrape may be the first callback to run after a stall
      this.set(longest / 1_000)
      longest = 0
    },
  })
  return () => clearInterval(timer)
}

import {
  type Context,
  defaultTextMapSetter,
  INVALID_SPAN_CONTEXT,
  type Tracer as OpenTelemetryTracer,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type TextMapGetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { fanOutSampler } from './fan-out-sampler.ts'

/**
 * The place of a span in its trace, as another process needs it: the headers of W3C Trace Context
 * (`traceparent`), as plain data. Empty outside of a trace.
 */
export type TraceCarrier = Readonly<Record<string, string>>

/** Starts spans. They are children of the active span unless a context is given. */
interface Tracer extends OpenTelemetryTracer {
  /**
   * The context of the active span. Queued work keeps it and starts its span with it, since the
   * caller that runs the queue may be in another trace.
   */
  activeContext(): Context
}

export interface Tracing {
  readonly tracer: Tracer
  /** Whether there is an active span that is kept. */
  isActive(): boolean
  /** The place of the active span. */
  carrier(): TraceCarrier
  /** Runs `work` below the span that the carrier names, or in no trace if it names none. */
  continueTrace<T>(carrier: unknown, work: () => T): T
  /** Sends the spans that are still buffered, and stops. */
  close(): Promise<void>
}

const silentSpan: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/** Records nothing. The no-op tracer of the API would make a context for each span. */
export const silentTracer: Tracer = {
  startSpan: () => silentSpan,
  startActiveSpan: (...args: unknown[]) => (args.at(-1) as (span: Span) => never)(silentSpan),
  activeContext: () => ROOT_CONTEXT,
}

const NO_TRACING: Tracing = {
  tracer: silentTracer,
  isActive: () => false,
  carrier: () => ({}),
  continueTrace: (_carrier, work) => work(),
  close: async () => {},
}

/**
 * Spans that nest, and are exported to the collector at `otlpUrl`. `fanOutSampler` decides which
 * are kept. Spans record nothing, and follow no call, if `otlpUrl` is missing.
 *
 * Each tracing has a context of its own, and none is installed in the process: the traces of two
 * stages in one process, as in tests, stay apart.
 */
export function createTracing(options: { service: string; otlpUrl?: string | undefined }): Tracing {
  const { service, otlpUrl } = options
  if (otlpUrl === undefined) return NO_TRACING
  const url = `${otlpUrl.replace(/\/$/, '')}/v1/traces`
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: fanOutSampler,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  })
  const contexts = new AsyncLocalStorageContextManager()
  const propagator = new W3CTraceContextPropagator()
  const tracer = nestingTracer(provider.getTracer(service), contexts)
  return {
    tracer,
    isActive() {
      const active = trace.getSpanContext(tracer.activeContext())
      return active !== undefined && (active.traceFlags & TraceFlags.SAMPLED) !== 0
    },
    carrier() {
      const carrier: Record<string, string> = {}
      propagator.inject(tracer.activeContext(), carrier, defaultTextMapSetter)
      return carrier
    },
    continueTrace: (carrier, work) =>
      contexts.with(propagator.extract(ROOT_CONTEXT, carrier, boundedStrings), work),
    async close() {
      contexts.disable()
      await provider.shutdown()
    },
  }
}

function nestingTracer(
  tracer: OpenTelemetryTracer,
  contexts: AsyncLocalStorageContextManager,
): Tracer {
  /**
   * A span that has ended gets no more children. Otherwise a timer that a request starts, and all
   * that comes of it, would belong to the trace of that request for hours.
   */
  const activeContext = (): Context => {
    const context = contexts.active()
    const span = trace.getSpan(context)
    return span && hasEnded(span) ? ROOT_CONTEXT : context
  }
  const startActive = (name: string, ...rest: unknown[]): unknown => {
    const work = rest.pop() as (span: Span) => unknown
    const [options, context = activeContext()] = rest as [SpanOptions?, Context?]
    const span = tracer.startSpan(name, options, context)
    return contexts.with(trace.setSpan(context, span), work, undefined, span)
  }
  return {
    activeContext,
    startSpan: (name, options, context = activeContext()) =>
      tracer.startSpan(name, options, context),
    startActiveSpan: startActive as OpenTelemetryTracer['startActiveSpan'],
  }
}

/** A span that is not sampled never records, and one of another process is not ours to know. */
function hasEnded(span: Span): boolean {
  const { traceFlags, isRemote } = span.spanContext()
  return (traceFlags & TraceFlags.SAMPLED) !== 0 && !isRemote && !span.isRecording()
}

/** W3C Trace Context asks for 512 characters of `tracestate`; `traceparent` has 55. */
const MAX_HEADER_LENGTH = 512

/** Reads a carrier that another process sent, and may be anything. */
const boundedStrings: TextMapGetter<unknown> = {
  keys: () => [],
  get(carrier, key) {
    if (typeof carrier !== 'object' || carrier === null || !Object.hasOwn(carrier, key)) return
    const value = (carrier as Record<string, unknown>)[key]
    return typeof value === 'string' && value.length <= MAX_HEADER_LENGTH ? value : undefined
  },
}

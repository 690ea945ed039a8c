import { type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { fanOutSampler } from './fan-out-sampler.ts'

/** Records nothing. Tests use it, and parts that run without a collector. */
export const silentTracer: Tracer = trace.getTracer('silent')

export interface Tracing {
  readonly tracer: Tracer
  /** Sends the spans that are still buffered. */
  close(): Promise<void>
}

/**
 * A tracer that exports spans to the collector. Spans with a number of recipients are sampled, all
 * others are kept. If there is no collector, it is the API's no-op tracer, and instrumented code
 * pays for a function call.
 */
export function createTracing(options: { service: string; otlpUrl?: string | undefined }): Tracing {
  if (options.otlpUrl === undefined)
    return { tracer: trace.getTracer(options.service), close: async () => {} }
  const url = `${options.otlpUrl.replace(/\/$/, '')}/v1/traces`
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    sampler: fanOutSampler,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  })
  return { tracer: provider.getTracer(options.service), close: () => provider.shutdown() }
}

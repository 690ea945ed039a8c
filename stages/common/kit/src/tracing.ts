import { type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { fanOutSampler } from './fan-out-sampler.ts'

/** Records nothing, for tests. */
export const silentTracer: Tracer = trace.getTracer('silent')

export interface Tracing {
  readonly tracer: Tracer
  /** Sends the spans that are still buffered, and stops. */
  close(): Promise<void>
}

/**
 * A tracer that exports spans to the collector at `otlpUrl`. `fanOutSampler` drops a share of the
 * spans for events with more than one recipient (the attribute `RECIPIENTS`), and keeps all others.
 * Without `otlpUrl` it is the no-op tracer of the API, whose spans record nothing.
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

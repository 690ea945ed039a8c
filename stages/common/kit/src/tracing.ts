import { type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

export interface Tracing {
  readonly tracer: Tracer
  /** Sends the spans that are still buffered. */
  close(): Promise<void>
}

/**
 * A tracer that exports every span to the collector. Without one it is the API's no-op tracer, and
 * instrumented code pays for a function call.
 *
 * Production would sample, and keep a smaller share of traces the more sessions an event reaches,
 * as reported in "Tracing Discord's Elixir Systems".
 */
export function createTracing(options: { service: string; otlpUrl?: string | undefined }): Tracing {
  if (options.otlpUrl === undefined)
    return { tracer: trace.getTracer(options.service), close: async () => {} }
  const url = `${options.otlpUrl.replace(/\/$/, '')}/v1/traces`
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  })
  return { tracer: provider.getTracer(options.service), close: () => provider.shutdown() }
}

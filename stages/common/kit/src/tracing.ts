import { type SpanKind, type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type Sampler,
  SamplingDecision,
} from '@opentelemetry/sdk-trace-base'

/** Set on a span before it starts: how many sessions its event will reach. */
export const RECIPIENTS = 'threshold.recipients'

/**
 * The share of traces to keep for an event with so many recipients: all for one, a tenth around a
 * hundred, a thousandth from ten thousand on (as reported in "Tracing Discord's Elixir Systems").
 * Between the points the line is straight in the logarithm, so the number of spans kept a second
 * stays about the same whatever the size of the guild.
 */
export function fanOutShare(recipients: number): number {
  if (recipients <= 1) return 1
  if (recipients <= 100) return 10 ** (-Math.log10(recipients) / 2)
  if (recipients >= 10_000) return 0.001
  return 10 ** -(1 + (Math.log10(recipients) - 2))
}

/** Decides by the trace id, so that every process that sees a trace decides the same. */
function fanOutSampler(base: number): Sampler {
  return {
    shouldSample(_context, traceId, _name, _kind: SpanKind, attributes) {
      const recipients = Number(attributes[RECIPIENTS] ?? 1)
      const place = Number.parseInt(traceId.slice(0, 8), 16) / 0xffffffff
      const keep = place <= base * fanOutShare(recipients)
      return { decision: keep ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD }
    },
    toString: () => `fan-out(${base})`,
  }
}

export interface Tracing {
  readonly tracer: Tracer
  close(): Promise<void>
}

export function createTracing(options: {
  service: string
  otlpUrl?: string | undefined
  sampleShare?: number
}): Tracing {
  // Without a collector the API's own no-op tracer is used: instrumented code pays a function call
  // and nothing else.
  if (options.otlpUrl === undefined)
    return { tracer: trace.getTracer(options.service), close: async () => {} }
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    sampler: fanOutSampler(options.sampleShare ?? 1),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url: `${options.otlpUrl.replace(/\/$/, '')}/v1/traces` }),
      ),
    ],
  })
  return { tracer: provider.getTracer(options.service), close: () => provider.shutdown() }
}

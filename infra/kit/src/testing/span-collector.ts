import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CollectedSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for the root of a trace. */
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

/** A collector of OTLP over HTTP, for tests. */
export interface SpanCollector extends AsyncDisposable {
  readonly url: string
  /** The spans that arrived so far. Each process sends its last ones when it closes. */
  readonly spans: readonly CollectedSpan[]
  /** The only span with this name, of this service if one is given. Throws if there is not one. */
  span(name: string, service?: string): CollectedSpan
}

interface OtlpAttribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface OtlpSpan extends Omit<CollectedSpan, 'service' | 'attributes' | 'failed'> {
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code: number }
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

const FAILED = 2

export async function spanCollector(): Promise<SpanCollector> {
  const spans: CollectedSpan[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await request.toArray()).join('')) as OtlpRequest
    spans.push(...body.resourceSpans.flatMap(spansOf))
    response.setHeader('content-type', 'application/json').end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    span(name, service) {
      const found = spans.filter(
        (span) => span.name === name && (service === undefined || span.service === service),
      )
      if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`)
      return found[0]!
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function spansOf({ resource, scopeSpans }: OtlpRequest['resourceSpans'][number]): CollectedSpan[] {
  const service = String(valuesOf(resource.attributes)['service.name'])
  return scopeSpans
    .flatMap((scope) => scope.spans)
    .map(({ name, traceId, spanId, parentSpanId = '', attributes, status }) => ({
      service,
      name,
      traceId,
      spanId,
      parentSpanId,
      attributes: valuesOf(attributes),
      failed: status.code === FAILED,
    }))
}

const valuesOf = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

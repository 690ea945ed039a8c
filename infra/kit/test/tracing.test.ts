import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTelemetry, RECIPIENTS, type Telemetry } from '../src/index.ts'
import { type SpanCollector, spanCollector } from '../src/testing/span-collector.ts'

/** Runs `work` with a telemetry for each service, and returns the spans that they sent. */
async function collect(
  work: (...telemetries: Telemetry[]) => unknown,
  services = ['test'],
): Promise<Pick<SpanCollector, 'spans' | 'span'>> {
  await using collector = await spanCollector()
  const telemetries = services.map((service) =>
    createTelemetry({ service, otlpUrl: collector.url }),
  )
  await work(...telemetries)
  for (const telemetry of telemetries) await telemetry[Symbol.asyncDispose]()
  return collector
}

const nothing = async (): Promise<void> => {}
/** A trace id whose position among all is `share`, in a carrier of a sampled span. */
const carrierAt = (share: number, flags = '01') => ({
  traceparent: `00-${Math.floor(share * 0xffffffff)
    .toString(16)
    .padStart(8, '0')}${'a'.repeat(24)}-${'b'.repeat(16)}-${flags}`,
})

describe('spans', () => {
  it('nest as the calls do, across everything that is awaited', async () => {
    const { span, spans } = await collect((telemetry) =>
      telemetry.action('request', {}, async () => {
        await delay(1)
        await Promise.all([
          telemetry.step('first', () => delay(1)),
          telemetry.step('second', () => telemetry.step('below', nothing)),
        ])
        telemetry.tracer.startActiveSpan('fan-out', (fanOut) => fanOut.end())
      }),
    )
    const root = span('request')
    expect(root.parentSpanId).toBe('')
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]))
    for (const name of ['first', 'second', 'fan-out'])
      expect(span(name).parentSpanId).toBe(root.spanId)
    expect(span('below').parentSpanId).toBe(span('second').spanId)
  })

  it('of concurrent actions stay apart', async () => {
    const { spans } = await collect((telemetry) =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          telemetry.action('request', { i }, async () => {
            await delay(i % 3)
            await telemetry.action('inner', { i }, () => delay(i % 2))
          }),
        ),
      ),
    )
    const roots = spans.filter(({ name }) => name === 'request')
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(20)
    for (const root of roots) {
      const inner = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
      expect(inner.map(({ attributes }) => attributes.i)).toEqual([root.attributes.i])
    }
  })

  it('of two telemetries in one process stay apart', async () => {
    const { span, spans } = await collect(
      (one, two) =>
        one.action('outer', {}, () =>
          two.action('other', {}, () => one.step('step', () => two.step('other step', nothing))),
        ),
      ['one', 'two'],
    )
    expect(spans.map(({ service, name }) => `${service}: ${name}`).toSorted()).toEqual([
      'one: outer',
      'one: step',
      'two: other',
      'two: other step',
    ])
    expect(span('other').parentSpanId).toBe('')
    expect(span('other').traceId).not.toBe(span('outer').traceId)
    expect(span('step').parentSpanId).toBe(span('outer').spanId)
    expect(span('other step').parentSpanId).toBe(span('other').spanId)
  })

  it('mark what failed, and pass its error on', async () => {
    const failure = new Error('no')
    const { span } = await collect((telemetry) =>
      telemetry.action('request', {}, async () => {
        const failing = telemetry.step('step', () => Promise.reject(failure))
        await expect(failing).rejects.toBe(failure)
      }),
    )
    expect(span('step').failed).toBe(true)
    expect(span('request').failed).toBe(false)
  })

  it('are made for steps of an action only', async () => {
    const { spans } = await collect((telemetry) => telemetry.step('poll', nothing))
    expect(spans).toEqual([])
  })

  it('of work that an ended action left behind begin traces of their own', async () => {
    const { span } = await collect(async (telemetry) => {
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      let later: Promise<void> | undefined
      await telemetry.action('request', {}, async () => {
        later = ended.then(async () => {
          expect(telemetry.carrier()).toEqual({})
          await telemetry.step('no step', nothing)
          await telemetry.action('later', {}, nothing)
        })
      })
      resolve()
      await later
    })
    expect(span('later').parentSpanId).toBe('')
    expect(() => span('no step')).toThrow('0 spans')
  })

  it('of queued work belong to the trace in which it was queued', async () => {
    const { span } = await collect(async ({ action, tracer }) => {
      const queue: (() => void)[] = []
      const { promise: emptied, resolve } = Promise.withResolvers<void>()
      const queuing = action('queues', {}, async () => {
        const context = tracer.activeContext()
        queue.push(() => tracer.startActiveSpan('queued', {}, context, (queued) => queued.end()))
        await emptied
      })
      await action('empties', {}, async () => queue.pop()?.())
      resolve()
      await queuing
    })
    expect(span('queued').parentSpanId).toBe(span('queues').spanId)
  })
})

describe('a carrier', () => {
  it('continues the trace in another process, through JSON', async () => {
    const { span } = await collect(
      async (api, guilds) => {
        const message = await api.action('send', {}, async () => JSON.stringify(api.carrier()))
        await guilds.continueTrace(JSON.parse(message), () =>
          guilds.action('publish', {}, () => guilds.step('store', nothing)),
        )
      },
      ['api', 'guilds'],
    )
    expect(span('publish')).toMatchObject({
      service: 'guilds',
      traceId: span('send').traceId,
      parentSpanId: span('send').spanId,
    })
    expect(span('store').parentSpanId).toBe(span('publish').spanId)
  })

  it('is empty outside of a trace, and without tracing', async () => {
    await collect((telemetry) => expect(telemetry.carrier()).toEqual({}))
    await using off = createTelemetry({ service: 'off' })
    await off.action('send', {}, async () => expect(off.carrier()).toEqual({}))
    expect(off.continueTrace(carrierAt(0), () => 'result')).toBe('result')
  })

  it('that names no span begins a new trace, whatever trace is active', async () => {
    const { span } = await collect((telemetry) =>
      telemetry.action('subscribe', {}, () =>
        telemetry.continueTrace({}, () => telemetry.action('message', {}, nothing)),
      ),
    )
    expect(span('message').parentSpanId).toBe('')
  })

  it('that is garbage is ignored', async () => {
    const { traceparent } = carrierAt(0.5)
    const garbage = fc.oneof(
      fc.anything(),
      fc.record({ traceparent: fc.oneof(fc.anything(), fc.string()) }),
      fc.record({ traceparent: fc.constant(traceparent), tracestate: fc.anything() }),
      fc.nat(54).map((length) => ({ traceparent: traceparent.slice(0, length) })),
      fc.constantFrom(
        { traceparent: `${traceparent}-more` },
        { traceparent: traceparent.replace('00-', 'ff-') },
        { traceparent: `01${traceparent.slice(2)}-${'x'.repeat(600)}` },
        { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` },
        Object.create({ traceparent }),
      ),
    )
    const { spans } = await collect(async (telemetry) => {
      await fc.assert(
        fc.asyncProperty(garbage, async (carrier) => {
          await telemetry.continueTrace(carrier, () => telemetry.action('work', {}, nothing))
        }),
        { numRuns: 300 },
      )
    })
    expect(spans).toHaveLength(300)
    const continued = spans.filter(({ parentSpanId }) => parentSpanId !== '')
    for (const { traceId } of continued) expect(traceId).toBe(traceparent.slice(3, 35))
  })
})

describe('a fan-out in a trace', () => {
  /** The spans that are kept of a trace at `share`, in which an event goes to a hundred. */
  const kept = (share: number, flags = '01') =>
    collect(
      (api, gateway) =>
        api.continueTrace(carrierAt(share, flags), () =>
          api.action('request', {}, async () => {
            await api.step('store', nothing)
            const attributes = { [RECIPIENTS]: 100 }
            const carrier = api.tracer.startActiveSpan('fan-out', { attributes }, (span) => {
              const sent = api.carrier()
              span.end()
              return sent
            })
            await api.step('answer', nothing)
            await gateway.continueTrace(carrier, () => gateway.action('deliver', {}, nothing))
          }),
        ),
      ['api', 'gateway'],
    )
  const names = ({ spans }: Pick<SpanCollector, 'spans'>): string[] =>
    spans.map(({ name }) => name).toSorted()

  it('is kept with everything below it, if the trace is in its share', async () => {
    const collected = await kept(0.09)
    expect(names(collected)).toEqual(['answer', 'deliver', 'fan-out', 'request', 'store'])
    expect(collected.span('deliver').parentSpanId).toBe(collected.span('fan-out').spanId)
  })

  it('is dropped with everything below it, and the rest of the trace stays', async () => {
    expect(names(await kept(0.11))).toEqual(['answer', 'request', 'store'])
  })

  it('is dropped below a span of another process that was not kept', async () => {
    expect(names(await kept(0.09, '00'))).toEqual([])
  })
})

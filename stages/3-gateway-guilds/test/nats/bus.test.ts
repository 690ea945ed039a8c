import { CodedError, deadlineAfter, encodeJson, unavailable } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Bus, Operation } from '../../src/nats/bus.ts'
import type { Nats } from '../../src/nats/connect.ts'
import { type NatsFixture, natsFixture } from './fixture.ts'

const double: Operation<{ n: bigint }, bigint> = {
  subject: 'test.double',
  body: z.object({ n: z.bigint() }),
  result: z.bigint(),
}

describe('the bus', () => {
  const use = new AsyncDisposableStack()
  let fixture: NatsFixture
  let nats: Nats
  let bus: Bus
  beforeAll(async () => {
    fixture = await natsFixture(use)
    nats = await fixture.connect()
    bus = nats.bus
  }, 60_000)
  afterAll(() => use.disposeAsync())

  it('carries bodies, results and coded errors', async () => {
    using _ = bus.serve(double, async ({ n }) => {
      if (n < 0n) throw new CodedError('NEGATIVE', 'no', { retryAfterMs: 5 })
      return 2n * n
    })
    const ask = (n: bigint) => bus.request(double, { n }, deadlineAfter(5_000))
    expect(await ask(2n ** 70n)).toBe(2n ** 71n)
    await expect(ask(-1n)).rejects.toMatchObject({ code: 'NEGATIVE', retryAfterMs: 5 })
  })

  it('reports at once that no process serves, and a missing answer in time', async () => {
    const ask = (ms: number) => bus.request(double, { n: 1n }, deadlineAfter(ms))
    await expect(ask(60_000)).rejects.toMatchObject({ code: 'NO_RESPONDERS' })
    using _ = bus.serve(double, () => new Promise<never>(() => {}))
    await expect(ask(100)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('hides an error that is no coded one', async () => {
    using _ = bus.serve(double, async () => {
      throw new TypeError('a secret')
    })
    const answer = bus.request(double, { n: 1n }, deadlineAfter(5_000))
    const error = (await answer.catch((cause: unknown) => cause)) as CodedError
    expect(error).toMatchObject({ code: unavailable('').code })
    expect(error.message).not.toContain('secret')
  })

  it('reports an answer or a request that is larger than NATS takes', async () => {
    const echo: Operation<string, string> = {
      subject: 'test.echo',
      body: z.string(),
      result: z.string(),
    }
    using _ = bus.serve(echo, async (text) => text.repeat(2))
    const ask = (bytes: number) =>
      bus.request(echo, 'x'.repeat(bytes), deadlineAfter(5_000)).then(({ length }) => length)
    await expect(ask(3 * 2 ** 20)).rejects.toMatchObject({ code: unavailable('').code })
    await expect(ask(5 * 2 ** 20)).rejects.toMatchObject({ code: unavailable('').code })
    expect(await ask(100)).toBe(200)
  })

  it.each([
    ['bytes that are not JSON', Buffer.from([0xff, 0, 1])],
    ['JSON of another shape', Buffer.from('[1]')],
    ['another version', Buffer.from(encodeJson({ v: 99, budgetMs: 1_000, body: { n: 1n } }))],
    [
      'a body that does not fit',
      Buffer.from(encodeJson({ v: 1, budgetMs: 1_000, body: { n: 1 } })),
    ],
  ])('refuses %s with a code and a metric, and serves on', async (_what, payload) => {
    const refusals = async () => {
      const metric = await fixture.runtime.telemetry.registry
        .getSingleMetric('threshold_bus_refused_total')!
        .get()
      return metric.values.reduce((sum, { value }) => sum + value, 0)
    }
    const before = await refusals()
    using _ = bus.serve(double, async ({ n }) => 2n * n)
    const reply = await nats.connection.request(double.subject, payload, { timeout: 5_000 })
    expect(reply.string()).toContain('BAD_MESSAGE')
    expect(await refusals()).toBe(before + 1)
    expect(await bus.request(double, { n: 4n }, deadlineAfter(5_000))).toBe(8n)
  })

  it('shares the requests of a queue', async () => {
    const served = [0, 0]
    const options = { queue: 'roles' }
    const serve = (index: number) =>
      bus.serve(
        double,
        async ({ n }) => {
          served[index]! += 1
          return n
        },
        options,
      )
    using _a = serve(0)
    using _b = serve(1)
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        bus.request(double, { n: BigInt(i) }, deadlineAfter(5_000)),
      ),
    )
    expect(served[0]! + served[1]!).toBe(100)
    expect(Math.min(...served)).toBeGreaterThan(0)
  })
})

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  createLog,
  createRuntime,
  createTelemetry,
  fanOutShare,
  RECIPIENTS,
  silentLog,
} from '../src/index.ts'

/** A log that writes into memory, through pino as it is. */
function captured(level?: string) {
  const lines: string[] = []
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trim().split('\n'))
      done()
    },
  })
  return { log: createLog({ name: 'test', to, ...(level ? { level } : {}) }), lines }
}

describe('the log', () => {
  const SECRET = 'x9-very-secret'

  it.each(['token', 'authorization', 'access_token', 'secret', 'password', 'uri', 'cookie'])(
    'hides %s, at the top, one level down and in a child',
    (key) => {
      const { log, lines } = captured()
      log.info({ [key]: SECRET }, 'top')
      log.info({ headers: { [key]: SECRET, host: 'kept' } }, 'nested')
      log.child({ [key]: SECRET }).warn('child')
      expect(lines).toHaveLength(3)
      for (const line of lines) expect(line).not.toContain(SECRET)
      expect(lines.join()).toContain('[redacted]')
      expect(lines[1]).toContain('kept')
    },
  )

  it('writes JSON lines with a name, and nothing below its level', () => {
    const { log, lines } = captured('warn')
    log.info('not this')
    log.warn({ guild: '1' }, 'this')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'test', level: 40, guild: '1', msg: 'this' },
    ])
    expect(() => silentLog.error('nothing')).not.toThrow()
  })
})

describe('telemetry', () => {
  it('counts an action under its name and outcome, and passes on what it gave or threw', async () => {
    await using telemetry = createTelemetry({ service: 'test' })
    expect(await telemetry.action('message.send', { guild: '1' }, async () => 'sent')).toBe('sent')
    const failure = new Error('no')
    await expect(telemetry.action('message.send', {}, () => Promise.reject(failure))).rejects.toBe(
      failure,
    )
    await expect(
      telemetry.action('message.send', {}, () => {
        throw failure
      }),
    ).rejects.toBe(failure)
    const text = await telemetry.registry.metrics()
    expect(text).toMatch(
      /^threshold_action_seconds_count\{.*action="message.send".*outcome="ok".*\} 1$/m,
    )
    expect(text).toMatch(
      /^threshold_action_seconds_count\{.*action="message.send".*outcome="error".*\} 2$/m,
    )
    expect(text).toContain('service="test"')
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds')
    expect(text).toContain('process_resident_memory_bytes')
  })

  it('shows the longest stall of the event loop, once', async () => {
    await using telemetry = createTelemetry({ service: 'test' })
    const gap = async (): Promise<number> => {
      const text = await telemetry.registry.getSingleMetricAsString(
        'threshold_event_loop_gap_max_seconds',
      )
      return Number(/^threshold_event_loop_gap_max_seconds(?:\{.*\})? (\S+)$/m.exec(text)?.[1])
    }
    await gap()
    const until = performance.now() + 300
    while (performance.now() < until); // the stall itself: nothing else can run
    expect(await gap()).toBeGreaterThan(0.25)
    // Told once. A busy machine may stall by itself, but not for as long, time and again.
    await vi.waitFor(async () => expect(await gap()).toBeLessThan(0.2), { timeout: 30_000 })
  })

  it('shows a stall that somebody notices before the next scrape just as well', async () => {
    await using telemetry = createTelemetry({ service: 'test' })
    const until = performance.now() + 150
    while (performance.now() < until);
    await new Promise(setImmediate) // the loop turns again, and the stall is over
    const [value] = (
      await telemetry.registry.getSingleMetric('threshold_event_loop_gap_max_seconds')!.get()
    ).values
    expect(value!.value).toBeGreaterThan(0.1)
  })

  it('sends the spans of sampled actions to the collector, all of them before it is closed', async () => {
    const bodies: string[] = []
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString())
        response.setHeader('content-type', 'application/json')
        response.end('{}')
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    try {
      const telemetry = createTelemetry({
        service: 'test',
        otlpUrl: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`,
      })
      await telemetry.action('to.one', { [RECIPIENTS]: 1 }, async () => {})
      for (let i = 0; i < 50; i++)
        await telemetry.action('to.very.many', { [RECIPIENTS]: 1_000_000 }, async () => {})
      await telemetry[Symbol.asyncDispose]()
      const sent = bodies.join()
      expect(sent).toContain('to.one')
      // A thousandth of fifty: more than a handful would mean that fan-out does not count.
      expect(sent.split('to.very.many').length - 1).toBeLessThan(5)
    } finally {
      collector.closeAllConnections()
      await new Promise((resolve) => collector.close(resolve))
    }
  })
})

describe('the share of traces kept', () => {
  it('falls with the fan-out, from all for one to a thousandth from ten thousand on', () => {
    expect(fanOutShare(1)).toBe(1)
    expect(fanOutShare(100)).toBeCloseTo(0.1)
    expect(fanOutShare(10_000)).toBeCloseTo(0.001)
    expect(fanOutShare(10_000_000)).toBe(0.001)
  })

  it('never rises with it, and is a share', () => {
    const recipients = fc.oneof(fc.nat(20_000), fc.double({ min: 0, max: 20_000, noNaN: true }))
    fc.assert(
      fc.property(recipients, recipients, (a, b) => {
        const [few, many] = a < b ? [a, b] : [b, a]
        expect(fanOutShare(many)).toBeLessThanOrEqual(fanOutShare(few) * (1 + 1e-9))
        expect(fanOutShare(few)).toBeGreaterThanOrEqual(0.001)
        expect(fanOutShare(few)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('a runtime', () => {
  it('takes what it is given and has something quiet for the rest', () => {
    const clock = { now: () => 5_000 }
    const runtime = createRuntime({ clock, random: (size) => randomBytes(size) })
    expect(runtime.clock).toBe(clock)
    expect(runtime.hybrid.next()).toBe(5_000_000n)
    expect(runtime.log).toBe(silentLog)
    expect(runtime.random(8)).toHaveLength(8)
  })
})

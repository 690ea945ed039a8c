import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { createLog, createRuntime, createTelemetry, silentLog } from '../src/index.ts'
import { spanCollector } from '../src/testing/span-collector.ts'

/** A real pino log that writes to memory. */
function memoryLog(level?: string) {
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
    'redacts %s at the top level, one level down and in a child',
    (key) => {
      const { log, lines } = memoryLog()
      log.info({ [key]: SECRET }, 'top')
      log.info({ headers: { [key]: SECRET, host: 'kept' } }, 'nested')
      log.child({ [key]: SECRET }).warn('child')
      expect(lines).toHaveLength(3)
      for (const line of lines) expect(line).not.toContain(SECRET)
      expect(lines.join()).toContain('[redacted]')
      expect(lines[1]).toContain('kept')
    },
  )

  it('writes JSON lines with its name, and none below its level', () => {
    const { log, lines } = memoryLog('warn')
    log.info('not this')
    log.warn({ guild: '1' }, 'this')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'test', level: 40, guild: '1', msg: 'this' },
    ])
    expect(() => silentLog.error('nothing')).not.toThrow()
  })
})

describe('telemetry', () => {
  it('counts an action by name and outcome, and settles as its work does', async () => {
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

  it('reports the longest stall of the event loop once', async () => {
    await using telemetry = createTelemetry({ service: 'test' })
    const gap = async (): Promise<number> => {
      const text = await telemetry.registry.getSingleMetricAsString(
        'threshold_event_loop_gap_max_seconds',
      )
      return Number(/^threshold_event_loop_gap_max_seconds(?:\{.*\})? (\S+)$/m.exec(text)?.[1])
    }
    await gap()
    const until = performance.now() + 300
    while (performance.now() < until); // blocks the event loop
    expect(await gap()).toBeGreaterThan(0.25)
    // A busy machine may stall by itself, but not as long each time.
    await vi.waitFor(async () => expect(await gap()).toBeLessThan(0.2), { timeout: 30_000 })
  })

  it('reports a stall that ended before the scrape', async () => {
    await using telemetry = createTelemetry({ service: 'test' })
    const until = performance.now() + 150
    while (performance.now() < until);
    await new Promise(setImmediate) // the stall is over
    const [value] = (
      await telemetry.registry.getSingleMetric('threshold_event_loop_gap_max_seconds')!.get()
    ).values
    expect(value!.value).toBeGreaterThan(0.1)
  })

  it('sends the spans of actions to the collector before it closes', async () => {
    await using collector = await spanCollector()
    const telemetry = createTelemetry({ service: 'test', otlpUrl: `${collector.url}/` })
    await telemetry.action('message.send', {}, async () => {})
    await telemetry[Symbol.asyncDispose]()
    expect(collector.span('message.send', 'test').failed).toBe(false)
  })
})

describe('a runtime', () => {
  it('uses the parts it is given, and silent defaults for the others', () => {
    const clock = { now: () => 5_000 }
    const runtime = createRuntime({ clock, random: (size) => randomBytes(size) })
    expect(runtime.clock).toBe(clock)
    expect(runtime.hybrid.next()).toBe(5_000_000n)
    expect(runtime.log).toBe(silentLog)
    expect(runtime.random(8)).toHaveLength(8)
  })
})

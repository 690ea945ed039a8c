import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  CodedError,
  type Log,
  type ReadinessCheck,
  silentLog,
  systemClock,
  watchReadiness,
} from '../src/index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A check that is asked how it is, and a log that is read. */
function watched() {
  let reason: string | undefined
  let asked = 0
  const check: ReadinessCheck = {
    name: 'database',
    reason() {
      asked += 1
      if (reason !== undefined)
        throw new CodedError('UNAVAILABLE', reason, { next: 'free its disk' })
      return undefined
    },
  }
  const lines: [string, object][] = []
  const write = (fields: object, text: string): void => void lines.push([text, fields])
  const log = { ...silentLog, error: write, info: write } as unknown as Log
  const monitor = watchReadiness([check], { clock: systemClock, log })
  return {
    monitor,
    lines,
    asked: () => asked,
    set: (value: string | undefined) => {
      reason = value
    },
  }
}

it('asks a healthy part when it is asked itself, at most once a second however many ask', async () => {
  const { monitor, asked } = watched()
  for (let i = 0; i < 100; i++) expect(await monitor.reasons()).toEqual({})
  expect(asked()).toBe(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked()).toBe(1)
  await monitor.reasons()
  expect(asked()).toBe(2)
})

it('looks by itself once a request has failed, says why once with the next step, and that it is over', async () => {
  const { monitor, lines, asked, set } = watched()
  await monitor.reasons()
  set('no space left')
  for (let i = 0; i < 1_000; i++) monitor.checkSoon()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lines).toEqual([
    ['not ready: requests fail', { check: 'database', reason: 'no space left; free its disk' }],
  ])
  expect(await monitor.reasons()).toEqual({ database: 'no space left; free its disk' })

  for (let i = 0; i < 30; i++) {
    monitor.checkSoon()
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(lines).toHaveLength(1)
  expect(asked()).toBeLessThan(40)

  set(undefined)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lines.slice(1)).toEqual([
    ['ready again', { check: 'database', seconds: expect.any(Number) }],
  ])
  expect(await monitor.reasons()).toEqual({})
  const before = asked()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked()).toBe(before)
})

it('logs another reason of the same failure, and not without end', async () => {
  const { monitor, lines, set } = watched()
  for (let i = 0; i < 50; i++) {
    set(`reason ${i % 20}`)
    monitor.checkSoon()
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(lines).toHaveLength(5)
})

it('looks no more once it is disposed of', async () => {
  const { monitor, asked, set } = watched()
  set('away')
  await monitor.reasons()
  const before = asked()
  monitor[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked()).toBe(before)
})

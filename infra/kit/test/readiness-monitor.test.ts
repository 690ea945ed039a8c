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

/** A monitor of one check whose reason the test sets, and the lines it logs. */
function monitorOfOneCheck() {
  let reason: string | undefined
  let runs = 0
  const check: ReadinessCheck = {
    name: 'database',
    reason() {
      runs += 1
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
    runs: () => runs,
    set: (value: string | undefined) => {
      reason = value
    },
  }
}

it('runs the checks on request, at most once a second', async () => {
  const { monitor, runs } = monitorOfOneCheck()
  for (let i = 0; i < 100; i++) expect(await monitor.reasons()).toEqual({})
  expect(runs()).toBe(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs()).toBe(1)
  await monitor.reasons()
  expect(runs()).toBe(2)
})

it('checks by itself after a failed request, and logs the reason once and the recovery once', async () => {
  const { monitor, lines, runs, set } = monitorOfOneCheck()
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
  expect(runs()).toBeLessThan(40)

  set(undefined)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lines.slice(1)).toEqual([
    ['ready again', { check: 'database', seconds: expect.any(Number) }],
  ])
  expect(await monitor.reasons()).toEqual({})
  const before = runs()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs()).toBe(before)
})

it('logs at most five reasons of one failure', async () => {
  const { monitor, lines, set } = monitorOfOneCheck()
  for (let i = 0; i < 50; i++) {
    set(`reason ${i % 20}`)
    monitor.checkSoon()
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(lines).toHaveLength(5)
})

it('stops checking when it is disposed of', async () => {
  const { monitor, runs, set } = monitorOfOneCheck()
  set('away')
  await monitor.reasons()
  const before = runs()
  monitor[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(runs()).toBe(before)
})

import { compareIds, DISCORD_EPOCH, timeOf } from '@threshold/contract'
import { extendReservation, type TimeReservation } from '@threshold/domain'
import { deadlineAfter, hasCode, silentLog, unavailable } from '@threshold/kit'
import type { TimeReservations } from '@threshold/ports'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { reserveTime, type StageTime } from '../../src/time/index.ts'

const START = DISCORD_EPOCH + 400_000_000_000
const HOUR_MS = 3_600_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Reservations in memory, which can be unreachable or lose their answers. */
function memoryStore() {
  const reserved = new Map<number, TimeReservation>()
  const reservations: TimeReservations = {
    async reserve(worker, request) {
      if (store.fault === 'unreachable') throw unavailable('the store')
      const next = extendReservation(reserved.get(worker), request)
      reserved.set(worker, next)
      if (store.fault === 'answers lost') throw unavailable('the store')
      return next
    },
    async release(worker, owner, until) {
      if (store.fault !== undefined) throw unavailable('the store')
      const current = reserved.get(worker)
      if (current?.owner === owner && current.until > until)
        reserved.set(worker, { ...current, until })
    },
    [Symbol.asyncDispose]: async () => {},
  }
  const store = { reservations, fault: undefined as 'unreachable' | 'answers lost' | undefined }
  return store
}

const runtimeAt = (clock: { at: number }) => ({
  clock: { now: () => clock.at },
  log: silentLog,
  telemetry: { registry: new Registry() },
})

/** Makes up to `count` ids: fewer if the store is down or the clock is too far behind. */
function makeIds(time: StageTime, count: number): string[] {
  const ids: string[] = []
  try {
    while (ids.length < count) ids.push(time.newId())
  } catch (error) {
    if (!hasCode(error, 'UNAVAILABLE', 'CLOCK_BEHIND')) throw error
  }
  return ids
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.integer({ min: -7_200_000, max: 7_200_000 }).map((ms) => ({ set: ms })),
  },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 5_000 }).map((count) => ({ make: count })) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((ms) => ({ pass: ms })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom({ restart: 'killed' } as const, { restart: 'stopped' } as const),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { fault: 'unreachable' } as const,
      { fault: 'answers lost' } as const,
      { fault: undefined },
    ),
  },
)

it('never repeats an id or a write time, through clock changes and kills at any moment', async () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), step), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const store = memoryStore()
      const clock = { at: START }
      // Two processes with one worker number, by mistake or in a deployment that starts the new one
      // first.
      const running: (StageTime | undefined)[] = [undefined, undefined]
      const ids = new Set<string>()
      let made = 0
      for (const [index, action] of sequence) {
        if (running[index] === undefined) {
          running[index] = await reserveTime(store.reservations, 5, runtimeAt(clock)).catch(
            () => undefined,
          )
        }
        const time = running[index]
        if ('set' in action) clock.at += action.set
        else if ('fault' in action) store.fault = action.fault
        else if ('pass' in action) {
          clock.at += action.pass
          await vi.advanceTimersByTimeAsync(action.pass)
        } else if ('restart' in action) {
          // A killed process releases nothing.
          if (action.restart === 'killed') store.fault = 'unreachable'
          await time?.[Symbol.asyncDispose]()
          store.fault = undefined
          running[index] = undefined
        } else if (time !== undefined) {
          const some = makeIds(time, action.make)
          made += some.length
          for (const id of some) ids.add(id)
          expect(some.every((id, i) => i === 0 || compareIds(some[i - 1]!, id) < 0)).toBe(true)
          const writes = Array.from({ length: action.make }, time.hybrid.next)
          expect(new Set(writes).size).toBe(action.make)
        }
      }
      expect(ids.size).toBe(made)
      for (const time of running) await time?.[Symbol.asyncDispose]()
    }),
    { numRuns: 50 },
  )
})

it('gives later write times after each restart, even if the clock was changed meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -100 * HOUR_MS, max: 100 * HOUR_MS }), { maxLength: 10 }),
      fc.boolean(),
      async (jumps, killed) => {
        const store = memoryStore()
        const clock = { at: START }
        let last = 0n
        for (const jump of [0, ...jumps]) {
          clock.at = Math.max(START - 50 * HOUR_MS, clock.at + jump)
          const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
          const first = time.hybrid.next()
          expect(first > last).toBe(true)
          for (let i = 0; i < 3_000; i++) last = time.hybrid.next()
          if (killed) store.fault = 'unreachable'
          await time[Symbol.asyncDispose]()
          store.fault = undefined
        }
      },
    ),
    { numRuns: 30 },
  )
})

it('continues from the last id when the clock is set back, and stays ready', async () => {
  const clock = { at: START }
  const time = await reserveTime(memoryStore().reservations, 0, runtimeAt(clock))
  const before = time.newId()
  clock.at -= 60_000
  const after = time.newId()
  expect(compareIds(before, after)).toBeLessThan(0)
  expect(timeOf(after)).toBe(START)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  await time[Symbol.asyncDispose]()
})

it('serves at once after the clock was ten minutes ahead, and follows it once it has caught up', async () => {
  const store = memoryStore()
  const clock = { at: START + 600_000 }
  const ahead = await reserveTime(store.reservations, 0, runtimeAt(clock))
  const future = ahead.newId()
  store.fault = 'unreachable' // as if killed: it releases nothing
  await ahead[Symbol.asyncDispose]()
  store.fault = undefined
  clock.at = START
  const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
  expect(compareIds(future, time.newId())).toBeLessThan(0)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  clock.at = START + 700_000
  await vi.advanceTimersByTimeAsync(5_000)
  expect(timeOf(time.newId())).toBe(START + 700_000)
  await time[Symbol.asyncDispose]()
})

it('refuses ids with reason and waiting time while the clock is too far behind, then serves again', async () => {
  const clock = { at: START }
  const runtime = runtimeAt(clock)
  const time = await reserveTime(memoryStore().reservations, 7, runtime)
  time.newId()
  clock.at -= 25 * HOUR_MS
  expect(() => time.newId()).toThrow(
    expect.objectContaining({ code: 'CLOCK_BEHIND', retryAfterMs: 60_000 }),
  )
  expect(await time.readiness.reason(deadlineAfter(1_000))).toMatch(
    /90000 s behind the last id of worker 7.*THRESHOLD_WORKER/,
  )
  expect(await runtime.telemetry.registry.metrics()).toMatch(
    /^threshold_clock_behind_seconds 90000$/m,
  )
  // Write times go on, since the hybrid clock does not wait for the system clock.
  expect(time.hybrid.next() > BigInt(START) * 1_000n).toBe(true)
  clock.at += HOUR_MS
  expect(timeOf(time.newId())).toBe(START)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  await time[Symbol.asyncDispose]()
})

it('makes ids only in its reserved time while the store is down, and continues when it is back', async () => {
  const store = memoryStore()
  const clock = { at: START }
  const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
  store.fault = 'unreachable'
  clock.at += 50_000
  await vi.advanceTimersByTimeAsync(50_000)
  const first = time.newId()
  expect(timeOf(first)).toBeLessThan(START + 10_000)
  expect(() => Array.from({ length: 4_096 }, time.newId)).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE' }),
  )
  store.fault = undefined
  await vi.advanceTimersByTimeAsync(1_000)
  expect(timeOf(time.newId())).toBe(START + 50_000)
  store.fault = 'unreachable'
  clock.at += 70_000
  expect(() => time.newId()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  expect(await time.readiness.reason(deadlineAfter(1_000))).toMatch(/time reserved for ids/)
  await time[Symbol.asyncDispose]()
})

it('lets the next process start at the clock after an orderly stop', async () => {
  const store = memoryStore()
  const clock = { at: START }
  const first = await reserveTime(store.reservations, 0, runtimeAt(clock))
  first.newId()
  await first[Symbol.asyncDispose]()
  expect(() => first.newId()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  clock.at += 5
  const second = await reserveTime(store.reservations, 0, runtimeAt(clock))
  expect(timeOf(second.newId())).toBe(START + 5)
  await second[Symbol.asyncDispose]()
})

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

/** Remembers what the database would, and can be away, or lose its answers. */
function memory() {
  const held = new Map<number, TimeReservation>()
  const reservations: TimeReservations = {
    async reserve(worker, wish) {
      if (state.away === 'unreachable') throw unavailable('the store')
      const next = extendReservation(held.get(worker), wish)
      held.set(worker, next)
      if (state.away === 'answers lost') throw unavailable('the store')
      return next
    },
    async release(worker, owner, until) {
      if (state.away !== undefined) throw unavailable('the store')
      const now = held.get(worker)
      if (now?.owner === owner && now.until > until) held.set(worker, { ...now, until })
    },
    [Symbol.asyncDispose]: async () => {},
  }
  const state = { reservations, away: undefined as 'unreachable' | 'answers lost' | undefined }
  return state
}

const runtimeAt = (clock: { at: number }) => ({
  clock: { now: () => clock.at },
  log: silentLog,
  telemetry: { registry: new Registry() },
})

/** Makes fewer ids than `count` while the store is away, or the clock too far behind. */
function make(time: StageTime, count: number): string[] {
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
      { away: 'unreachable' } as const,
      { away: 'answers lost' } as const,
      { away: undefined },
    ),
  },
)

it('never repeats an id or a write time, whatever the clock does, and whenever the process is killed', async () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), step), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (walk) => {
      const store = memory()
      const clock = { at: START }
      // Two processes of one worker number, as in a deployment that starts the new one first, or by
      // mistake.
      const running: (StageTime | undefined)[] = [undefined, undefined]
      const ids = new Set<string>()
      let made = 0
      for (const [who, does] of walk) {
        if (running[who] === undefined) {
          running[who] = await reserveTime(store.reservations, 5, runtimeAt(clock)).catch(
            () => undefined,
          )
        }
        const time = running[who]
        if ('set' in does) clock.at += does.set
        else if ('away' in does) store.away = does.away
        else if ('pass' in does) {
          clock.at += does.pass
          await vi.advanceTimersByTimeAsync(does.pass)
        } else if ('restart' in does) {
          // A killed process gives nothing back.
          if (does.restart === 'killed') store.away = 'unreachable'
          await time?.[Symbol.asyncDispose]()
          store.away = undefined
          running[who] = undefined
        } else if (time !== undefined) {
          const some = make(time, does.make)
          made += some.length
          for (const id of some) ids.add(id)
          expect(some.every((id, i) => i === 0 || compareIds(some[i - 1]!, id) < 0)).toBe(true)
          const writes = Array.from({ length: does.make }, time.hybrid.next)
          expect(new Set(writes).size).toBe(does.make)
        }
      }
      expect(ids.size).toBe(made)
      for (const time of running) await time?.[Symbol.asyncDispose]()
    }),
    { numRuns: 50 },
  )
})

it('gives later write times after each restart, wherever the clock was set meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -100 * HOUR_MS, max: 100 * HOUR_MS }), { maxLength: 10 }),
      fc.boolean(),
      async (jumps, killed) => {
        const store = memory()
        const clock = { at: START }
        let last = 0n
        for (const jump of [0, ...jumps]) {
          clock.at = Math.max(START - 50 * HOUR_MS, clock.at + jump)
          const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
          const first = time.hybrid.next()
          expect(first > last).toBe(true)
          for (let i = 0; i < 3_000; i++) last = time.hybrid.next()
          if (killed) store.away = 'unreachable'
          await time[Symbol.asyncDispose]()
          store.away = undefined
        }
      },
    ),
    { numRuns: 30 },
  )
})

it('goes on from the last id when the clock is set back, and is ready', async () => {
  const clock = { at: START }
  const time = await reserveTime(memory().reservations, 0, runtimeAt(clock))
  const before = time.newId()
  clock.at -= 60_000
  const after = time.newId()
  expect(compareIds(before, after)).toBeLessThan(0)
  expect(timeOf(after)).toBe(START)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  await time[Symbol.asyncDispose]()
})

it('serves at once after a clock that was ten minutes ahead is right again, and follows the clock when it catches up', async () => {
  const store = memory()
  const clock = { at: START + 600_000 }
  const ahead = await reserveTime(store.reservations, 0, runtimeAt(clock))
  const future = ahead.newId()
  store.away = 'unreachable' // killed: nothing is given back
  await ahead[Symbol.asyncDispose]()
  store.away = undefined
  clock.at = START
  const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
  expect(compareIds(future, time.newId())).toBeLessThan(0)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  clock.at = START + 700_000
  await vi.advanceTimersByTimeAsync(5_000)
  expect(timeOf(time.newId())).toBe(START + 700_000)
  await time[Symbol.asyncDispose]()
})

it('refuses while the clock is too far behind, with the reason, the time to wait and a figure, and serves again after it', async () => {
  const clock = { at: START }
  const runtime = runtimeAt(clock)
  const time = await reserveTime(memory().reservations, 7, runtime)
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
  // Writes that need no id go on: a logical clock does not depend on the system's.
  expect(time.hybrid.next() > BigInt(START) * 1_000n).toBe(true)
  clock.at += HOUR_MS
  expect(timeOf(time.newId())).toBe(START)
  expect(await time.readiness.reason(deadlineAfter(1_000))).toBeUndefined()
  await time[Symbol.asyncDispose]()
})

it('makes ids from what it has reserved while the store is away, none beyond it, and goes on when the store is back', async () => {
  const store = memory()
  const clock = { at: START }
  const time = await reserveTime(store.reservations, 0, runtimeAt(clock))
  store.away = 'unreachable'
  clock.at += 50_000
  await vi.advanceTimersByTimeAsync(50_000)
  const first = time.newId()
  expect(timeOf(first)).toBeLessThan(START + 10_000)
  expect(() => Array.from({ length: 4_096 }, time.newId)).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE' }),
  )
  store.away = undefined
  await vi.advanceTimersByTimeAsync(1_000)
  expect(timeOf(time.newId())).toBe(START + 50_000)
  store.away = 'unreachable'
  clock.at += 70_000
  expect(() => time.newId()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  expect(await time.readiness.reason(deadlineAfter(1_000))).toMatch(/time reserved for ids/)
  await time[Symbol.asyncDispose]()
})

it('leaves the clock’s own time to the next process when it is stopped in order', async () => {
  const store = memory()
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

import { deadlineAfter, silentLog, systemClock, unavailable } from '@threshold/kit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { joinMigration, type Participation } from '../src/participant.ts'
import type { Migration, MigrationState } from '../src/state.ts'

const migration = { phase: 'dual-write', epoch: 1 } as Migration
const noReads = () => ({ round: 0, same: 0, differing: 0, failed: 0, doubtful: 0 })

/** The migrator leaves out a process whose last report is older. */
const LIVE_MS = 18_000

/** A process whose database may be away, and whose reports or their answers may be delayed. */
async function fixture() {
  let away = false
  const delayed = { request: Promise.resolve(), answer: Promise.resolve() }
  let reportedAt = 0
  const state = {
    async read() {
      if (away) throw unavailable('MongoDB')
      return migration
    },
    async report() {
      if (away) throw unavailable('MongoDB')
      await delayed.request
      reportedAt = performance.now()
      await delayed.answer
    },
    leave: async () => {},
  } as Partial<MigrationState> as MigrationState
  const participation = await joinMigration(state, 'process', { log: silentLog }, noReads)
  return {
    participation,
    setAway: (value: boolean) => {
      away = value
    },
    /** Delays the reports from now on, or their answers, until the returned function is called. */
    delay(part: 'request' | 'answer') {
      const { promise, resolve } = Promise.withResolvers<void>()
      delayed[part] = promise
      return resolve
    },
    silentMs: () => performance.now() - reportedAt,
    [Symbol.asyncDispose]: () => participation[Symbol.asyncDispose](),
  }
}

const write = (participation: Participation) =>
  participation.write(deadlineAfter(1_000, systemClock), async ({ phase }) => phase)

describe('a process that the migrator no longer counts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('writes only after it has reported', async () => {
    await using process = await fixture()
    process.setAway(true)
    await vi.advanceTimersByTimeAsync(LIVE_MS + 1_000)
    await expect(write(process.participation)).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    const endDelay = process.delay('request')
    process.setAway(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(process.silentMs()).toBeGreaterThan(LIVE_MS)
    await expect(write(process.participation)).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    endDelay()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(process.silentMs()).toBeLessThan(LIVE_MS)
    expect(await write(process.participation)).toBe('dual-write')
  })

  it('writes only after it has reported again, when it was stopped during a report', async () => {
    await using process = await fixture()
    const endStop = process.delay('answer')
    await vi.advanceTimersByTimeAsync(LIVE_MS + 2_000)
    expect(process.silentMs()).toBeGreaterThan(LIVE_MS)

    const endDelay = process.delay('request')
    endStop()
    await vi.advanceTimersByTimeAsync(1_000)
    await expect(write(process.participation)).rejects.toMatchObject({ code: 'UNAVAILABLE' })

    endDelay()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await write(process.participation)).toBe('dual-write')
  })
})

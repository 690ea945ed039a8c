import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttemptLog, createAttemptLog } from '../src/load/attempt-log.ts'
import type { LoadReport } from '../src/load/report.ts'
import { type PlannedAttempt, schedule } from '../src/load/schedule.ts'
import { summarise } from '../src/load/summary.ts'
import { busyGuilds, type Load } from '../src/load/workload.ts'
import { count, figuresOf } from '../src/measure.ts'
import type { Sample } from '../src/run/sample.ts'
import { sampleOf } from './sample.ts'

const LOAD = busyGuilds({
  guilds: 1,
  online: 2,
  messagesPerSecond: 20,
  readsPerSecond: 20,
  seconds: 4,
  warmupSeconds: 1,
  timeoutSeconds: 2,
  seed: 4,
})

/** Every attempt is answered after 1 ms, unless `override` says otherwise. */
function logOf(
  load: Load,
  override: (
    planned: PlannedAttempt,
    index: number,
  ) => { outcome?: string; afterMs?: number } | undefined,
): AttemptLog {
  const log = createAttemptLog(schedule(load), [{ guild: 0 }])
  for (const [index, attempt] of log.attempts.entries()) {
    const { outcome = 'ok', afterMs = 1 } = override(attempt.planned, index) ?? {}
    attempt.sentMs = attempt.planned.dueMs
    attempt.answeredMs = attempt.sentMs + afterMs
    attempt.outcome = outcome
  }
  return log
}

const summed = (log: AttemptLog): LoadReport =>
  summarise(log, LOAD, [{ group: 'guilds', id: '0', channels: ['1'], members: [] }], {
    cores: 0,
    memoryBytes: 0,
    lagP99Ms: 0,
    lagMaxMs: 0,
  })

const trialOf = (load: LoadReport): Sample => ({ ...sampleOf('today', 1), load })
const secondsWithErrors = (log: AttemptLog): number =>
  figuresOf({ seconds: count.secondsWithErrors() }, trialOf(summed(log))).seconds.value

describe('the seconds of a load', () => {
  it('count a failed read in a second in which every send was answered', () => {
    const unlucky = schedule(LOAD).find(({ kind, dueMs }) => kind === 'read' && dueMs > 2_500)!
    const log = logOf(LOAD, ({ kind, dueMs }) =>
      kind === 'read' && dueMs === unlucky.dueMs ? { outcome: 'HTTP 503' } : undefined,
    )
    expect(summed(log)).toMatchObject({ sends: { errors: 0 }, reads: { errors: 1 } })
    expect(secondsWithErrors(log)).toBe(1)
    expect(secondsWithErrors(logOf(LOAD, () => undefined))).toBe(0)
  })

  it('continue after the load for attempts that fail or time out later', () => {
    const last = schedule(LOAD).length - 1
    const refused = logOf(LOAD, (_, index) =>
      index === last ? { outcome: 'HTTP 503', afterMs: 1_500 } : undefined,
    )
    const unanswered = logOf(LOAD, (_, index) =>
      index === last ? { outcome: 'no answer', afterMs: Number.NaN } : undefined,
    )
    for (const log of [refused, unanswered]) {
      expect(secondsWithErrors(log)).toBe(1)
      expect(
        summed(log).series.findLast(({ errors }) => errors > 0)!.second,
      ).toBeGreaterThanOrEqual(LOAD.seconds)
    }
  })

  it('add up to the totals', () => {
    const outcome = fc.constantFrom('ok', 'ok', 'HTTP 503', 'no answer in time', 'no answer')
    const attempts = schedule(LOAD).length
    const fates = fc.array(fc.record({ outcome, afterMs: fc.integer({ min: 0, max: 3_500 }) }), {
      minLength: attempts,
      maxLength: attempts,
    })
    fc.assert(
      fc.property(fates, (override) => {
        const { series, sends, reads } = summed(logOf(LOAD, (_, index) => override[index]))
        const sum = (key: 'due' | 'acknowledged' | 'errors'): number =>
          series.reduce((total, second) => total + second[key], 0)
        expect(sum('due')).toBe(sends.due)
        expect(sum('acknowledged')).toBe(sends.acknowledged)
        expect(sum('errors')).toBe(sends.errors + reads.errors)
        expect(series.map(({ second }) => second)).toEqual(series.map((_, index) => index))
      }),
      { numRuns: 50 },
    )
  })
})

describe('the sockets of a load', () => {
  it('count as away if they dropped and did not reconnect', () => {
    const away = (sessions: readonly { dropsMs: number[]; returnsMs: number[] }[]): number => {
      const log = {
        ...logOf(LOAD, () => undefined),
        sessions: sessions.map((session) => ({ guild: 0, ...session })),
      }
      return figuresOf({ away: count.socketsAway() }, trialOf(summed(log))).away.value
    }
    const back = { dropsMs: [2_000], returnsMs: [2_500] }
    expect(away([back, back])).toBe(0)
    expect(away([back, { dropsMs: [2_000, 3_000], returnsMs: [2_500] }])).toBe(1)
    expect(away([{ dropsMs: [], returnsMs: [] }])).toBe(0)
  })
})

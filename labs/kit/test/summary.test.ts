import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttemptLog, createAttemptLog } from '../src/load/attempt-log.ts'
import type { LoadReport } from '../src/load/report.ts'
import { type Arrival, schedule } from '../src/load/schedule.ts'
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
  patienceSeconds: 2,
  seed: 4,
})

/** Everything answered at once, but for what the story says otherwise. */
function ledgerOf(
  load: Load,
  story: (arrival: Arrival, index: number) => { outcome?: string; afterMs?: number } | undefined,
): AttemptLog {
  const ledger = createAttemptLog(schedule(load), [{ guild: 0 }])
  for (const [index, attempt] of ledger.attempts.entries()) {
    const { outcome = 'ok', afterMs = 1 } = story(attempt.arrival, index) ?? {}
    attempt.sentMs = attempt.arrival.dueMs
    attempt.answeredMs = attempt.sentMs + afterMs
    attempt.outcome = outcome
  }
  return ledger
}

const summed = (ledger: AttemptLog): LoadReport =>
  summarise(ledger, LOAD, [{ group: 'guilds', id: '0', channels: ['1'], members: [] }], {
    cores: 0,
    memoryBytes: 0,
    lagP99Ms: 0,
    lagMaxMs: 0,
  })

const visitOf = (load: LoadReport): Sample => ({ ...sampleOf('today', 1), load })
const secondsWithErrors = (ledger: AttemptLog): number =>
  figuresOf({ seconds: count.secondsWithErrors() }, visitOf(summed(ledger))).seconds.value

describe('the seconds of a load', () => {
  it('tell of a read that failed, in a second in which every send was answered', () => {
    const unlucky = schedule(LOAD).find(({ kind, dueMs }) => kind === 'read' && dueMs > 2_500)!
    const ledger = ledgerOf(LOAD, ({ kind, dueMs }) =>
      kind === 'read' && dueMs === unlucky.dueMs ? { outcome: 'HTTP 503' } : undefined,
    )
    expect(summed(ledger)).toMatchObject({ sends: { errors: 0 }, reads: { errors: 1 } })
    expect(secondsWithErrors(ledger)).toBe(1)
    expect(secondsWithErrors(ledgerOf(LOAD, () => undefined))).toBe(0)
  })

  it('go on beyond the last one for whoever was refused there, or got no answer before the load was over', () => {
    const last = schedule(LOAD).length - 1
    const refused = ledgerOf(LOAD, (_, index) =>
      index === last ? { outcome: 'HTTP 503', afterMs: 1_500 } : undefined,
    )
    const unanswered = ledgerOf(LOAD, (_, index) =>
      index === last ? { outcome: 'no answer', afterMs: Number.NaN } : undefined,
    )
    for (const ledger of [refused, unanswered]) {
      expect(secondsWithErrors(ledger)).toBe(1)
      expect(
        summed(ledger).series.findLast(({ errors }) => errors > 0)!.second,
      ).toBeGreaterThanOrEqual(LOAD.seconds)
    }
  })

  it('add up to the whole, whatever happened when', () => {
    const outcome = fc.constantFrom('ok', 'ok', 'HTTP 503', 'no answer in time', 'no answer')
    const attempts = schedule(LOAD).length
    const fates = fc.array(fc.record({ outcome, afterMs: fc.integer({ min: 0, max: 3_500 }) }), {
      minLength: attempts,
      maxLength: attempts,
    })
    fc.assert(
      fc.property(fates, (story) => {
        const { series, sends, reads } = summed(ledgerOf(LOAD, (_, index) => story[index]))
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
  it('are away as long as one of them has not come back, however many others have', () => {
    const away = (sessions: readonly { dropsMs: number[]; returnsMs: number[] }[]): number => {
      const ledger = {
        ...ledgerOf(LOAD, () => undefined),
        sessions: sessions.map((session) => ({ guild: 0, ...session })),
      }
      return figuresOf({ away: count.socketsAway() }, visitOf(summed(ledger))).away.value
    }
    const back = { dropsMs: [2_000], returnsMs: [2_500] }
    expect(away([back, back])).toBe(0)
    expect(away([back, { dropsMs: [2_000, 3_000], returnsMs: [2_500] }])).toBe(1)
    expect(away([{ dropsMs: [], returnsMs: [] }])).toBe(0)
  })
})

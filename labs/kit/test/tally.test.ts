import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttemptLog, createAttemptLog, recordDelivery } from '../src/load/attempt-log.ts'
import { LATE_MS } from '../src/load/report.ts'
import type { PlannedAttempt } from '../src/load/schedule.ts'
import { tally } from '../src/load/tally.ts'

const GUILDS = [{ group: 'guilds' }, { group: 'guilds' }]

interface Scenario {
  readonly messages: readonly { guild: number; channel: number; acknowledged: boolean }[]
  /** Number of sessions of each guild. */
  readonly sessions: readonly [number, number]
}

const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  messages: fc.array(
    fc.record({
      guild: fc.integer({ min: 0, max: 1 }),
      channel: fc.integer({ min: 0, max: 1 }),
      acknowledged: fc.boolean(),
    }),
    { maxLength: 30 },
  ),
  sessions: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
})

/**
 * A log in which every session received each acknowledged message of its guild once, in order,
 * `afterMs` after the answer.
 */
function perfect({ messages, sessions }: Scenario, afterMs = 5): AttemptLog {
  const plannedAttempts: PlannedAttempt[] = messages.map(({ guild, channel }, index) => ({
    kind: 'send',
    dueMs: index * 10,
    guild,
    channel,
    author: 0,
    length: 5,
    ago: 0,
  }))
  const participants = sessions.flatMap((count, guild) =>
    Array.from({ length: count }, () => ({ guild })),
  )
  const log = createAttemptLog(plannedAttempts, participants)
  for (const [index, { acknowledged, guild }] of messages.entries()) {
    const attempt = log.attempts[index]!
    attempt.sentMs = attempt.planned.dueMs
    attempt.answeredMs = attempt.sentMs + 3
    attempt.outcome = acknowledged ? 'ok' : 'HTTP 503'
    if (!acknowledged) continue
    for (const [session, place] of participants.entries())
      if (place.guild === guild) recordDelivery(log, index, session, attempt.answeredMs + afterMs)
  }
  return log
}

const totals = (log: AttemptLog) => {
  const { guilds, misrouted } = tally(log, GUILDS, 0, 60)
  const sum = (
    key: 'expected' | 'delivered' | 'lost' | 'duplicated' | 'outOfOrder' | 'late' | 'errors',
  ) => guilds.reduce((total, guild) => total + guild[key], 0)
  return {
    expected: sum('expected'),
    delivered: sum('delivered'),
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    outOfOrder: sum('outOfOrder'),
    late: sum('late'),
    errors: sum('errors'),
    misrouted,
  }
}

/** Replaces each delivery by those whose indexes `pick` returns. */
function withDeliveries(log: AttemptLog, pick: (index: number) => readonly number[]): AttemptLog {
  const { attempt, session, atMs } = log.deliveries
  const indexes = attempt.flatMap((_, index) => pick(index))
  return {
    ...log,
    deliveries: {
      attempt: indexes.map((i) => attempt[i]!),
      session: indexes.map((i) => session[i]!),
      atMs: indexes.map((i) => atMs[i]!),
    },
  }
}

describe('a tally', () => {
  it('of a correct stage counts nothing lost, duplicated, out of order, late or misrouted', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const found = totals(perfect(scenario))
        expect(found).toMatchObject({
          lost: 0,
          duplicated: 0,
          outOfOrder: 0,
          late: 0,
          misrouted: 0,
        })
        expect(found.delivered).toBe(found.expected)
        expect(found.errors).toBe(
          scenario.messages.filter(({ acknowledged }) => !acknowledged).length,
        )
      }),
    )
  })

  it('counts exactly the missing deliveries as lost', () => {
    fc.assert(
      fc.property(anyScenario, fc.integer({ min: 1, max: 7 }), (scenario, every) => {
        const all = perfect(scenario)
        const kept = withDeliveries(all, (index) => (index % every === 0 ? [] : [index]))
        const missing = all.deliveries.attempt.length - kept.deliveries.attempt.length
        expect(totals(kept)).toMatchObject({ lost: missing, duplicated: 0 })
      }),
    )
  })

  it('counts every delivery after the first as duplicated, and not as delivered', () => {
    fc.assert(
      fc.property(anyScenario, fc.integer({ min: 1, max: 7 }), (scenario, every) => {
        const all = perfect(scenario)
        const more = withDeliveries(all, (index) =>
          index % every === 0 ? [index, index] : [index],
        )
        const extra = more.deliveries.attempt.length - all.deliveries.attempt.length
        expect(totals(more)).toMatchObject({
          duplicated: extra,
          lost: 0,
          delivered: totals(all).delivered,
        })
      }),
    )
  })

  it('counts a delivery as late if it arrives more than 200 ms after the answer', () => {
    fc.assert(
      fc.property(anyScenario, fc.integer({ min: -50, max: 400 }), (scenario, afterMs) => {
        const { late, delivered } = totals(perfect(scenario, afterMs))
        expect(late).toBe(afterMs > LATE_MS ? delivered : 0)
      }),
    )
  })

  it('counts one delivery out of order if a session receives two messages in reverse', () => {
    const log = perfect({
      messages: Array.from({ length: 6 }, () => ({ guild: 0, channel: 0, acknowledged: true })),
      sessions: [3, 1],
    })
    const { attempt, session } = log.deliveries
    const first = attempt.findIndex((n, index) => n === 2 && session[index] === 1)
    const second = attempt.findIndex((n, index) => n === 3 && session[index] === 1)
    const swapped = withDeliveries(log, (index) => [
      index === first ? second : index === second ? first : index,
    ])
    expect(totals(swapped)).toMatchObject({ outOfOrder: 1, lost: 0, duplicated: 0 })
  })

  it('accepts any order of a channel on which its sessions agree', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const log = perfect(scenario)
        const last = log.deliveries.attempt.length - 1
        expect(totals(withDeliveries(log, (index) => [last - index])).outOfOrder).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  it('counts a delivery to another guild as misrouted, and as lost in its own guild', () => {
    const log = perfect({
      messages: [{ guild: 0, channel: 0, acknowledged: true }],
      sessions: [1, 1],
    })
    log.deliveries.session[0] = 1
    expect(totals(log)).toMatchObject({ misrouted: 1, lost: 1, delivered: 0 })
  })

  it('ignores the warm-up', () => {
    const log = withDeliveries(
      perfect({
        messages: Array.from({ length: 10 }, () => ({ guild: 0, channel: 0, acknowledged: true })),
        sessions: [2, 1],
      }),
      () => [],
    )
    expect(tally(log, GUILDS, 50, 60).guilds[0]).toMatchObject({ due: 5, lost: 10 })
  })
})

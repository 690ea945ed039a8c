import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttemptLog, createAttemptLog, recordDelivery } from '../src/load/attempt-log.ts'
import { LATE_MS } from '../src/load/report.ts'
import type { Arrival } from '../src/load/schedule.ts'
import { tally } from '../src/load/tally.ts'

const GUILDS = [{ group: 'guilds' }, { group: 'guilds' }]

interface Story {
  readonly messages: readonly { guild: number; channel: number; acknowledged: boolean }[]
  /** How many sessions each guild has. */
  readonly sessions: readonly [number, number]
}

const story: fc.Arbitrary<Story> = fc.record({
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
 * A ledger in which every session got every acknowledged message of its guild, once, in order,
 * `afterMs` after the answer.
 */
function perfect({ messages, sessions }: Story, afterMs = 5): AttemptLog {
  const arrivals: Arrival[] = messages.map(({ guild, channel }, index) => ({
    kind: 'send',
    dueMs: index * 10,
    guild,
    channel,
    author: 0,
    length: 5,
    ago: 0,
  }))
  const places = sessions.flatMap((count, guild) =>
    Array.from({ length: count }, () => ({ guild })),
  )
  const ledger = createAttemptLog(arrivals, places)
  for (const [index, { acknowledged, guild }] of messages.entries()) {
    const attempt = ledger.attempts[index]!
    attempt.sentMs = attempt.arrival.dueMs
    attempt.answeredMs = attempt.sentMs + 3
    attempt.outcome = acknowledged ? 'ok' : 'HTTP 503'
    if (!acknowledged) continue
    for (const [session, place] of places.entries())
      if (place.guild === guild)
        recordDelivery(ledger, index, session, attempt.answeredMs + afterMs)
  }
  return ledger
}

const totals = (ledger: AttemptLog) => {
  const { guilds, stray } = tally(ledger, GUILDS, 0)
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
    stray,
  }
}

/** The same ledger without, or with more of, some deliveries. */
function withDeliveries(
  ledger: AttemptLog,
  pick: (index: number) => readonly number[],
): AttemptLog {
  const { attempt, session, atMs } = ledger.deliveries
  const indexes = attempt.flatMap((_, index) => pick(index))
  return {
    ...ledger,
    deliveries: {
      attempt: indexes.map((i) => attempt[i]!),
      session: indexes.map((i) => session[i]!),
      atMs: indexes.map((i) => atMs[i]!),
    },
  }
}

describe('a tally', () => {
  it('of a stage that does everything right has nothing to complain of', () => {
    fc.assert(
      fc.property(story, (one) => {
        const found = totals(perfect(one))
        expect(found).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0, late: 0, stray: 0 })
        expect(found.delivered).toBe(found.expected)
        expect(found.errors).toBe(one.messages.filter(({ acknowledged }) => !acknowledged).length)
      }),
    )
  })

  it('counts every delivery that is missing as lost, and none other', () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 1, max: 7 }), (one, every) => {
        const all = perfect(one)
        const kept = withDeliveries(all, (index) => (index % every === 0 ? [] : [index]))
        const missing = all.deliveries.attempt.length - kept.deliveries.attempt.length
        expect(totals(kept)).toMatchObject({ lost: missing, duplicated: 0 })
      }),
    )
  })

  it('counts every delivery beyond the first as duplicated, and not as delivered', () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 1, max: 7 }), (one, every) => {
        const all = perfect(one)
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

  it('calls late what comes more than 200 ms after the answer, and nothing that comes sooner', () => {
    fc.assert(
      fc.property(story, fc.integer({ min: -50, max: 400 }), (one, afterMs) => {
        const { late, delivered } = totals(perfect(one, afterMs))
        expect(late).toBe(afterMs > LATE_MS ? delivered : 0)
      }),
    )
  })

  it('finds one session that saw two messages of a channel the other way round', () => {
    const ledger = perfect({
      messages: Array.from({ length: 6 }, () => ({ guild: 0, channel: 0, acknowledged: true })),
      sessions: [3, 1],
    })
    const { attempt, session } = ledger.deliveries
    const first = attempt.findIndex((n, index) => n === 2 && session[index] === 1)
    const second = attempt.findIndex((n, index) => n === 3 && session[index] === 1)
    const swapped = withDeliveries(ledger, (index) => [
      index === first ? second : index === second ? first : index,
    ])
    expect(totals(swapped)).toMatchObject({ outOfOrder: 1, lost: 0, duplicated: 0 })
  })

  it('lets sessions of a channel agree on any order: it need not be that of the sends', () => {
    fc.assert(
      fc.property(story, (one) => {
        const ledger = perfect(one)
        const last = ledger.deliveries.attempt.length - 1
        expect(totals(withDeliveries(ledger, (index) => [last - index])).outOfOrder).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  it('counts what comes to another guild as stray, and still as lost where it should have come', () => {
    const ledger = perfect({
      messages: [{ guild: 0, channel: 0, acknowledged: true }],
      sessions: [1, 1],
    })
    ledger.deliveries.session[0] = 1
    expect(totals(ledger)).toMatchObject({ stray: 1, lost: 1, delivered: 0 })
  })

  it('leaves the warm-up out', () => {
    const ledger = withDeliveries(
      perfect({
        messages: Array.from({ length: 10 }, () => ({ guild: 0, channel: 0, acknowledged: true })),
        sessions: [2, 1],
      }),
      () => [],
    )
    expect(tally(ledger, GUILDS, 50).guilds[0]).toMatchObject({ due: 5, lost: 10 })
  })
})

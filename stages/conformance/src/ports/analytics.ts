import type { ChannelId, UserId } from '@threshold/contract'
import type { Clock } from '@threshold/kit'
import type { Analytics, AnalyticsSnapshot } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factorySuite } from './suite.ts'

export interface AnalyticsBounds {
  /**
   * Ages in ms: a message younger than `certainMs` counts, and one older than `windowMs` does not.
   * An implementation with buckets of a minute may go either way in between.
   */
  readonly certainMs?: number
  readonly windowMs?: number
  /** The relative error of a count: 0 for exact counts, more for sketches. */
  readonly error?: number
}

const channel = fc.integer({ min: 1, max: 15 }).map(String)
const author = fc.integer({ min: 1, max: 30 }).map(String)
/** Messages with pauses between them, mostly short and sometimes of minutes. */
const history = fc.array(
  fc.record({
    pauseMs: fc.oneof(
      { weight: 5, arbitrary: fc.nat(5_000) },
      { weight: 1, arbitrary: fc.nat(200_000) },
    ),
    channelId: channel,
    authorId: author,
  }),
  { maxLength: 80, size: 'max' },
)

interface Entry {
  readonly at: number
  readonly channelId: ChannelId
  readonly authorId: UserId
}

function truth(entries: readonly Entry[], now: number, ageMs: number) {
  const young = entries.filter(({ at }) => now - at < ageMs)
  const channels = new Map<ChannelId, number>()
  for (const { channelId } of young) channels.set(channelId, (channels.get(channelId) ?? 0) + 1)
  return {
    messages: young.length,
    users: new Set(young.map(({ authorId }) => authorId)).size,
    channels,
  }
}

/**
 * The contract of Analytics, on a clock that the test sets. Counts include every young message and
 * no old one.
 */
export function testAnalytics(
  name: string,
  make: (clock: Clock) => Analytics,
  bounds: AnalyticsBounds = {},
): void {
  const { certainMs = 4 * 60_000, windowMs = 5 * 60_000, error = 0 } = bounds
  const clock = { at: 0, now: () => clock.at }
  const expectBetween = (value: number, low: number, high: number): void => {
    expect(value).toBeGreaterThanOrEqual(Math.floor(low * (1 - error)))
    expect(value).toBeLessThanOrEqual(Math.ceil(high * (1 + error)))
  }
  const check = (snapshot: AnalyticsSnapshot, entries: readonly Entry[]): void => {
    const [low, high] = [truth(entries, clock.at, certainMs), truth(entries, clock.at, windowMs)]
    expectBetween(snapshot.messages, low.messages, high.messages)
    expectBetween(snapshot.activeUsers, low.users, high.users)
    const { busiestChannels: top } = snapshot
    expect(top.length).toBeLessThanOrEqual(10)
    expect(new Set(top.map((c) => c.channelId)).size).toBe(top.length)
    expect(top.map((c) => c.messages)).toEqual(top.map((c) => c.messages).sort((a, b) => b - a))
    for (const { channelId, messages } of top)
      expectBetween(messages, low.channels.get(channelId) ?? 0, high.channels.get(channelId) ?? 0)
    // A channel outside of the top ten is not busier than the last of them. A list of fewer than
    // ten is complete.
    const least = top.length < 10 ? 0 : top.at(-1)!.messages
    for (const [id, messages] of low.channels)
      if (!top.some((c) => c.channelId === id))
        expect(Math.floor(messages * (1 - error))).toBeLessThanOrEqual(least)
  }

  factorySuite(
    `${name} as analytics`,
    () => {
      clock.at = 1_700_000_000_000
      return make(clock)
    },
    (open) => {
      describe('a snapshot', () => {
        it('counts the messages, users and channels of the last minutes at any time', () =>
          fc.assert(
            fc.property(history, (messages) => {
              const analytics = open()
              const entries: Entry[] = []
              for (const { pauseMs, channelId, authorId } of messages) {
                clock.at += pauseMs
                analytics.record({ channelId, authorId })
                entries.push({ at: clock.at, channelId, authorId })
                check(analytics.snapshot(), entries)
              }
            }),
            { numRuns: 25 },
          ))

        it('forgets everything after the window', () => {
          const analytics = open()
          for (let i = 0; i < 100; i++)
            analytics.record({ channelId: String(i % 7), authorId: String(i) })
          clock.at += windowMs
          expect(analytics.snapshot()).toEqual({ messages: 0, activeUsers: 0, busiestChannels: [] })
        })

        it('is repeatable, and counts a user once across channels', () => {
          const analytics = open()
          for (let i = 0; i < 20; i++) analytics.record({ channelId: String(i), authorId: '1' })
          expect(analytics.snapshot()).toEqual(analytics.snapshot())
          expect(analytics.snapshot()).toMatchObject({ activeUsers: 1 })
        })
      })
    },
  )
}

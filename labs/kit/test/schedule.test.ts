import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schedule } from '../src/load/schedule.ts'
import { busyGuilds, type Load, largestOf, times } from '../src/load/workload.ts'

const load: fc.Arbitrary<Load> = fc
  .record({
    guilds: fc.integer({ min: 1, max: 20 }),
    online: fc.integer({ min: 1, max: 50 }),
    channels: fc.integer({ min: 1, max: 4 }),
    messagesPerSecond: fc.integer({ min: 1, max: 60 }),
    readsPerSecond: fc.integer({ min: 0, max: 60 }),
    seconds: fc.integer({ min: 1, max: 20 }),
    warmupSeconds: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer({ min: 0, max: 10_000 }),
  })
  .map(busyGuilds)

describe('a schedule', () => {
  it('is equal for equal loads and seeds, and differs for another seed', () => {
    fc.assert(
      fc.property(load, (one) => {
        expect(schedule(one)).toEqual(schedule(one))
        const other = schedule({ ...one, seed: one.seed + 1 })
        if (other.length > 0) expect(other).not.toEqual(schedule(one))
      }),
      { numRuns: 30 },
    )
  })

  it('is sorted, ends in time, and uses only guilds, channels and members that exist', () => {
    fc.assert(
      fc.property(load, (one) => {
        const [group] = one.groups
        const arrivals = schedule(one)
        expect(arrivals.map(({ dueMs }) => dueMs)).toEqual(
          arrivals.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b),
        )
        for (const { dueMs, guild, channel, author } of arrivals) {
          expect(dueMs).toBeLessThan((one.seconds + one.warmupSeconds) * 1_000)
          expect(guild).toBeLessThan(group!.guilds)
          expect(channel).toBeLessThan(group!.channels)
          expect(author).toBeLessThan(group!.online)
        }
      }),
    )
  })

  it('has the requested number of sends, within six standard deviations', () => {
    fc.assert(
      fc.property(load, (one) => {
        const expected = one.groups[0]!.messagesPerSecond * (one.seconds + one.warmupSeconds)
        const sends = schedule(one).filter(({ kind }) => kind === 'send').length
        // A Poisson count exceeds six standard deviations about once in a hundred million.
        expect(Math.abs(sends - expected)).toBeLessThanOrEqual(6 * Math.sqrt(expected) + 6)
      }),
      { seed: 1 },
    )
  })

  it('puts the messages of a burst at the same moment, and all others at separate ones', () => {
    const bursts = schedule(
      busyGuilds({
        guilds: 1,
        online: 2,
        messagesPerSecond: 4,
        huge: { online: 9, messagesPerSecond: 40, burst: 20 },
        seconds: 20,
        seed: 3,
      }),
    )
    const moments = (guild: number) =>
      Map.groupBy(
        bursts.filter((one) => one.guild === guild),
        ({ dueMs }) => dueMs,
      )
    expect(new Set([...moments(1).values()].map((at) => at.length))).toEqual(new Set([20]))
    expect(new Set([...moments(0).values()].map((at) => at.length))).toEqual(new Set([1]))
    expect(Math.abs([...moments(1).values()].length - 40)).toBeLessThan(30)
  })

  it('does not move its sends when reads are added to the load', () => {
    fc.assert(
      fc.property(load, (one) => {
        const sends = (of: Load) => schedule(of).filter(({ kind }) => kind === 'send')
        const more = {
          ...one,
          groups: one.groups.map((group) => ({
            ...group,
            readsPerSecond: group.readsPerSecond + 5,
          })),
        }
        expect(sends(more)).toEqual(sends(one))
      }),
      { numRuns: 30 },
    )
  })

  it('does not mix the groups of a load', () => {
    const one = busyGuilds({
      guilds: 3,
      online: 2,
      messagesPerSecond: 50,
      huge: { online: 100, messagesPerSecond: 50 },
      seconds: 2,
      seed: 1,
    })
    const arrivals = schedule(one)
    expect(new Set(arrivals.map(({ guild }) => guild))).toEqual(new Set([0, 1, 2, 3]))
    expect(
      Math.max(...arrivals.filter(({ guild }) => guild < 3).map(({ author }) => author)),
    ).toBeLessThan(2)
    expect(
      Math.max(...arrivals.filter(({ guild }) => guild === 3).map(({ author }) => author)),
    ).toBeGreaterThan(10)
  })

  it('is empty for an empty load', () => {
    expect(
      schedule(busyGuilds({ guilds: 1, online: 1, messagesPerSecond: 0, seconds: 5, seed: 1 })),
    ).toEqual([])
    expect(
      schedule(busyGuilds({ guilds: 0, online: 9, messagesPerSecond: 9, seconds: 5, seed: 1 })),
    ).toEqual([])
    expect(
      schedule(busyGuilds({ guilds: 9, online: 0, messagesPerSecond: 9, seconds: 5, seed: 1 })),
    ).toEqual([])
  })
})

describe('a load', () => {
  it('multiplied by a factor has more guilds and messages, and as many members in each guild', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 50 }), (one, factor) => {
        const [before, after] = [one.groups[0]!, times(one, factor).groups[0]!]
        expect(after).toMatchObject({
          guilds: before.guilds * factor,
          messagesPerSecond: before.messagesPerSecond * factor,
          online: before.online,
        })
      }),
    )
  })

  it('fits into a fixture for the largest of several loads', () => {
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 5 }), (loads) => {
        const [most] = largestOf(loads)
        for (const { groups } of loads) {
          expect(most!.guilds).toBeGreaterThanOrEqual(groups[0]!.guilds)
          expect(most!.online).toBeGreaterThanOrEqual(groups[0]!.online)
        }
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schedule } from '../src/load/schedule.ts'
import { busyGuilds, type Load, largestOf, times } from '../src/load/workload.ts'

const anyLoad: fc.Arbitrary<Load> = fc
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
      fc.property(anyLoad, (load) => {
        expect(schedule(load)).toEqual(schedule(load))
        const other = schedule({ ...load, seed: load.seed + 1 })
        if (other.length > 0) expect(other).not.toEqual(schedule(load))
      }),
      { numRuns: 30 },
    )
  })

  it('is sorted, ends in time, and uses only guilds, channels and members that exist', () => {
    fc.assert(
      fc.property(anyLoad, (load) => {
        const [group] = load.groups
        const plannedAttempts = schedule(load)
        expect(plannedAttempts.map(({ dueMs }) => dueMs)).toEqual(
          plannedAttempts.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b),
        )
        for (const { dueMs, guild, channel, author } of plannedAttempts) {
          expect(dueMs).toBeLessThan((load.seconds + load.warmupSeconds) * 1_000)
          expect(guild).toBeLessThan(group!.guilds)
          expect(channel).toBeLessThan(group!.channels)
          expect(author).toBeLessThan(group!.online)
        }
      }),
    )
  })

  it('has the requested number of sends, within six standard deviations', () => {
    fc.assert(
      fc.property(anyLoad, (load) => {
        const expected = load.groups[0]!.messagesPerSecond * (load.seconds + load.warmupSeconds)
        const sends = schedule(load).filter(({ kind }) => kind === 'send').length
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
        bursts.filter((planned) => planned.guild === guild),
        ({ dueMs }) => dueMs,
      )
    expect(new Set([...moments(1).values()].map((at) => at.length))).toEqual(new Set([20]))
    expect(new Set([...moments(0).values()].map((at) => at.length))).toEqual(new Set([1]))
    expect(Math.abs([...moments(1).values()].length - 40)).toBeLessThan(30)
  })

  it('does not move its sends when reads are added to the load', () => {
    fc.assert(
      fc.property(anyLoad, (load) => {
        const sends = (of: Load) => schedule(of).filter(({ kind }) => kind === 'send')
        const more = {
          ...load,
          groups: load.groups.map((group) => ({
            ...group,
            readsPerSecond: group.readsPerSecond + 5,
          })),
        }
        expect(sends(more)).toEqual(sends(load))
      }),
      { numRuns: 30 },
    )
  })

  it('does not mix the groups of a load', () => {
    const load = busyGuilds({
      guilds: 3,
      online: 2,
      messagesPerSecond: 50,
      huge: { online: 100, messagesPerSecond: 50 },
      seconds: 2,
      seed: 1,
    })
    const plannedAttempts = schedule(load)
    expect(new Set(plannedAttempts.map(({ guild }) => guild))).toEqual(new Set([0, 1, 2, 3]))
    expect(
      Math.max(...plannedAttempts.filter(({ guild }) => guild < 3).map(({ author }) => author)),
    ).toBeLessThan(2)
    expect(
      Math.max(...plannedAttempts.filter(({ guild }) => guild === 3).map(({ author }) => author)),
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
      fc.property(anyLoad, fc.integer({ min: 1, max: 50 }), (load, factor) => {
        const [before, after] = [load.groups[0]!, times(load, factor).groups[0]!]
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
      fc.property(fc.array(anyLoad, { minLength: 1, maxLength: 5 }), (loads) => {
        const [most] = largestOf(loads)
        for (const { groups } of loads) {
          expect(most!.guilds).toBeGreaterThanOrEqual(groups[0]!.guilds)
          expect(most!.online).toBeGreaterThanOrEqual(groups[0]!.online)
        }
      }),
    )
  })
})

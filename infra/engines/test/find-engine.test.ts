import { describe, expect, it } from 'vitest'
import type { Candidate } from '../src/doctor/candidates.ts'
import { createEngineFinder, type EngineNeed } from '../src/doctor/find-engine.ts'
import { type Preference, unusable, usable } from '../src/engine.ts'

interface Fake extends Partial<Candidate> {
  readonly name: string
  /** The preferences for which it is usable; both by default. */
  readonly usableFor?: readonly Preference[]
}

function finderOf(fakes: readonly Fake[]) {
  const requests: string[] = []
  const mongodb = fakes.map(
    ({ usableFor = ['quick', 'lab'], ...fake }): Candidate => ({
      provider: 'native',
      cacheCounters: true,
      isStandIn: async () => false,
      preparation: async () => undefined,
      ...fake,
      async available(prefer) {
        requests.push(`${fake.name} ${prefer}`)
        return usableFor.includes(prefer) ? usable : unusable('it is missing', `get ${fake.name}`)
      },
    }),
  )
  const find = createEngineFinder({ mongodb, cassandra: [], nats: [] })
  return {
    requests,
    find: (need: Partial<EngineNeed> = {}) => find({ engine: 'mongodb', ...need }),
  }
}

describe('the engine that a start would take', () => {
  it('is the first that is usable, with its first download', async () => {
    const preparation = async () => 'fetched first'
    const { find } = finderOf([
      { name: 'docker', usableFor: [] },
      { name: 'mongod', preparation },
    ])
    expect(await find()).toEqual({
      found: 'now',
      choice: { name: 'mongod', standIn: false, install: 'fetched first' },
    })
  })

  it('is started here if the lab must own it', async () => {
    const { find } = finderOf([{ name: 'external', provider: 'external' }, { name: 'mongod' }])
    expect(await find()).toMatchObject({ choice: { name: 'external' } })
    expect(await find({ managed: true })).toMatchObject({ choice: { name: 'mongod' } })
  })

  it('accepts the cache limit', async () => {
    const { find } = finderOf([{ name: 'mongod', minCacheMb: 256 }, { name: 'stand-in' }])
    expect(await find({ cacheMb: 256 })).toMatchObject({ choice: { name: 'mongod' } })
    expect(await find({ cacheMb: 16 })).toMatchObject({ choice: { name: 'stand-in' } })
  })

  it('comes with a prefetch if only that brings one with cache counters', async () => {
    const { find } = finderOf([
      { name: 'rust', usableFor: ['lab'] },
      { name: 'python', cacheCounters: false },
    ])
    expect(await find()).toMatchObject({ found: 'now', choice: { name: 'python' } })
    expect(await find({ cacheCounters: true })).toMatchObject({
      found: 'after-prefetch',
      choice: { name: 'rust' },
    })
  })

  it('is none without cache counters, and says so', async () => {
    const { find } = finderOf([{ name: 'python', cacheCounters: false }])
    expect(await find({ cacheCounters: true })).toMatchObject({
      found: 'none',
      why: 'python does not count cache misses',
    })
  })

  it('is none where no provider is usable, with the reason and the next step', async () => {
    const { find } = finderOf([{ name: 'mongod', usableFor: [] }])
    expect(await find()).toEqual({
      found: 'none',
      why: 'mongod: it is missing',
      next: 'get mongod',
    })
    expect(await find({ engine: 'cassandra' })).toMatchObject({ found: 'none' })
  })

  it('asks each provider once for all needs', async () => {
    const { requests, find } = finderOf([{ name: 'docker', usableFor: [] }, { name: 'mongod' }])
    await Promise.all([find(), find({ cacheMb: 16 }), find({ managed: true })])
    expect(requests).toEqual(['docker quick', 'mongod quick'])
  })
})

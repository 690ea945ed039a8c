import { CodedError } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { ENGINE_ITEMS, type PrefetchItem, prefetch } from '../src/prefetch.ts'
import { emptyCache, folder, setEnvironment, site } from './machine.ts'

function item(id: string, item: Partial<PrefetchItem>): PrefetchItem {
  return { id, title: `the ${id}`, present: async () => false, fetch: async () => {}, ...item }
}

describe('prefetch', () => {
  it('fetches what is missing, one after the other, and one that fails keeps none from being tried', async () => {
    const fetched: string[] = []
    const fetching = (id: string, rest: Partial<PrefetchItem> = {}) =>
      item(id, { fetch: async () => void fetched.push(id), ...rest })
    const steps: string[] = []
    const outcomes = await prefetch(
      ({ text, done, total }) => steps.push(`${text} ${done}/${total}`),
      [
        fetching('here', { present: async () => true }),
        fetching('failing', {
          fetch: () => Promise.reject(new CodedError('DOWNLOAD_FAILED', 'the line was cut')),
        }),
        fetching('unfit', { skip: async () => 'Docker is not installed' }),
        fetching('broken', { present: () => Promise.reject(new Error('no permission')) }),
        fetching('missing'),
      ],
    )
    expect(outcomes.map(({ id, outcome, why }) => [id, outcome, why])).toEqual([
      ['here', 'present', undefined],
      ['failing', 'failed', 'the line was cut'],
      ['unfit', 'skipped', 'Docker is not installed'],
      ['broken', 'failed', 'no permission'],
      ['missing', 'fetched', undefined],
    ])
    expect(fetched).toEqual(['missing'])
    expect(steps).toEqual([
      'the here 0/5',
      'the failing 1/5',
      'the unfit 2/5',
      'the broken 3/5',
      'the missing 4/5',
    ])
  })

  it('says of every engine on a bare machine why it is not fetched', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const mirror = await site(use, () => ({ status: 404 }))
    setEnvironment(use, {
      PATH: await folder(use),
      HOME: await folder(use),
      THRESHOLD_MONGODB_MIRROR: mirror.url,
    })
    const engines = ENGINE_ITEMS.filter(({ id }) => ['mongod', 'secantusdb-python'].includes(id))
    expect(await prefetch(undefined, engines)).toMatchObject([
      { id: 'mongod', outcome: 'skipped', why: expect.stringContaining('answers 404') },
      { id: 'secantusdb-python', outcome: 'skipped', why: 'no python3 on PATH' },
    ])
    // Whoever prefetches has perhaps just opened the network: an earlier refusal is not believed.
    await prefetch(undefined, engines)
    expect(mirror.asked).toHaveLength(2)
  })
})

import { CodedError } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { ENGINE_ITEMS, type PrefetchItem, prefetch } from '../src/prefetch.ts'
import { emptyCache, setEnvironment, startSite, tempFolder } from './helpers.ts'

function item(id: string, item: Partial<PrefetchItem>): PrefetchItem {
  return { id, title: `the ${id}`, present: async () => false, fetch: async () => {}, ...item }
}

describe('prefetch', () => {
  it('fetches missing items one after another, and continues after a failure', async () => {
    const fetched: string[] = []
    const fetching = (id: string, rest: Partial<PrefetchItem> = {}) =>
      item(id, { fetch: async () => void fetched.push(id), ...rest })
    const steps: string[] = []
    const outcomes = await prefetch(
      ({ text, done, total }) => steps.push(`${text} ${done}/${total}`),
      [
        fetching('here', { present: async () => true }),
        fetching('failing', {
          fetch: () => Promise.reject(new CodedError('DOWNLOAD_FAILED', 'the connection was lost')),
        }),
        fetching('unfit', { skip: async () => 'Docker is not installed' }),
        fetching('broken', { present: () => Promise.reject(new Error('no permission')) }),
        fetching('missing'),
      ],
    )
    expect(outcomes.map(({ id, outcome, why }) => [id, outcome, why])).toEqual([
      ['here', 'present', undefined],
      ['failing', 'failed', 'the connection was lost'],
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

  it('reports why each engine is skipped on a bare machine', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const mirror = await startSite(use, () => ({ status: 404 }))
    setEnvironment(use, {
      PATH: await tempFolder(use),
      HOME: await tempFolder(use),
      THRESHOLD_MONGODB_MIRROR: mirror.url,
    })
    const engines = ENGINE_ITEMS.filter(({ id }) => ['mongod', 'secantusdb-python'].includes(id))
    expect(await prefetch(undefined, engines)).toMatchObject([
      { id: 'mongod', outcome: 'skipped', why: expect.stringContaining('answers 404') },
      { id: 'secantusdb-python', outcome: 'skipped', why: 'no python3 on PATH' },
    ])
    // The user may just have opened the network, so an earlier failure is not trusted.
    await prefetch(undefined, engines)
    expect(mirror.requests).toHaveLength(2)
  })
})

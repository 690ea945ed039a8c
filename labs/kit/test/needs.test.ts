import { describe, expect, it } from 'vitest'
import { findLab } from '../src/labs.ts'
import { engineNeedsOf } from '../src/needs.ts'

const needsOf = async (id: string) => await engineNeedsOf(await findLab(id))

describe('the engines that a lab needs', () => {
  it('are those of its stages', async () => {
    expect(await needsOf('1.3')).toEqual([
      { engine: 'mongodb', cacheMb: undefined, managed: false, cacheCounters: false },
    ])
    expect((await needsOf('2.4')).map(({ engine }) => engine)).toEqual(['mongodb', 'cassandra'])
  })

  it('have a small cache and count its misses where the lab is about them', async () => {
    expect(await needsOf('1.2')).toEqual([
      { engine: 'mongodb', cacheMb: 16, managed: true, cacheCounters: true },
    ])
  })

  it('belong to the lab where it sets them up', async () => {
    expect(await needsOf('2.2')).toContainEqual({ engine: 'cassandra', managed: true })
  })
})

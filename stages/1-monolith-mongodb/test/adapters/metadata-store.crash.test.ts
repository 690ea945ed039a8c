import { aGuild, newId, soon } from '@threshold/conformance/ports'
import { MongoNetworkError } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { database } from './database.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
beforeAll(async () => {
  mongo = await database(use)
})
afterAll(() => use.disposeAsync())

/** A database whose connection breaks after so many inserts: what a process leaves behind that is killed there. */
function breaking(after: number): MongoDatabase {
  let inserts = 0
  const collection = (name: string): object => {
    const real = mongo.db.collection(name)
    return new Proxy(real, {
      get(target, key) {
        if (key === 'insertMany' && inserts++ >= after)
          return async () => {
            throw new MongoNetworkError('broken')
          }
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  return { ...mongo, db: { collection } as unknown as MongoDatabase['db'] }
}

describe('a guild whose process died while it was made', () => {
  it.each([0, 1, 2])('is promised to nobody, after %i of three writes', async (writes) => {
    const { state, id, owner } = aGuild(1)
    const dying = await mongoMetadataStore(breaking(writes))
    await expect(dying.createGuild(state, soon())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const store = await mongoMetadataStore(mongo)
    expect(await store.guildsOf(owner.user.id, soon())).toEqual([])
    const left = await store.loadGuild(id, soon())
    expect(left?.members.size ?? 0).toBe(0)
    // Whoever asks again gets it whole.
    await store.createGuild(state, soon())
    expect(await store.loadGuild(id, soon())).toEqual(state)
    expect(await store.guildsOf(owner.user.id, soon())).toEqual([id])
    expect(await store.guildsOf(newId(), soon())).toEqual([])
  })

  it('is made by three writes', async () => {
    const { state } = aGuild(1)
    await expect((await mongoMetadataStore(breaking(3))).createGuild(state, soon())).resolves.toBeUndefined()
  })
})

import { aGuild, anInvite, newId, testDeadline } from '@threshold/conformance/ports'
import { MongoNetworkError } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { suiteDatabase } from './database.ts'

const mongo = suiteDatabase()

/** A database that fails after `after` writes, as if the process had been killed there. */
function failingDatabase(after: number, writes = ['insertMany']): MongoDatabase {
  let count = 0
  const inFlight: Promise<unknown>[] = []
  const collection = (name: string): object => {
    const real = mongo().db.collection(name)
    return new Proxy(real, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        if (!writes.includes(String(key))) return value.bind(target)
        return async (...args: unknown[]) => {
          count += 1
          if (count > after) {
            await Promise.allSettled(inFlight) // the writes before it arrive
            throw new MongoNetworkError('broken')
          }
          const write: Promise<unknown> = value.apply(target, args)
          inFlight.push(write)
          return write
        }
      },
    })
  }
  return { ...mongo(), db: { collection } as unknown as MongoDatabase['db'] }
}

describe('a guild whose process died during its creation', () => {
  it.each([0, 1, 2])('is in the list of no user, after %i of three writes', async (writes) => {
    const { state, id, owner } = aGuild(1)
    const dying = await mongoMetadataStore(failingDatabase(writes))
    await expect(dying.createGuild(state, testDeadline())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    const store = await mongoMetadataStore(mongo())
    expect(await store.guildsOf(owner.user.id, testDeadline())).toEqual([])
    const loaded = await store.loadGuild(id, testDeadline())
    expect(loaded?.members.size ?? 0).toBe(0)
    // A retry completes it.
    await store.createGuild(state, testDeadline())
    expect(await store.loadGuild(id, testDeadline())).toEqual(state)
    expect(await store.guildsOf(owner.user.id, testDeadline())).toEqual([id])
    expect(await store.guildsOf(newId(), testDeadline())).toEqual([])
  })

  it('is created by three writes', async () => {
    const { state } = aGuild(1)
    await expect(
      (await mongoMetadataStore(failingDatabase(3))).createGuild(state, testDeadline()),
    ).resolves.toBeUndefined()
  })
})

describe('a deletion whose process died', () => {
  const DELETES = ['deleteOne', 'deleteMany']

  it.each([0, 1, 2])(
    'of a channel leaves no invite without its channel, after %i writes',
    async (writes) => {
      const { state, id, text } = aGuild(0)
      const store = await mongoMetadataStore(mongo())
      await store.createGuild(state, testDeadline())
      await store.createInvite(anInvite({ guildId: id, channelId: text.id }), testDeadline())
      const dying = await mongoMetadataStore(failingDatabase(writes, DELETES))
      await dying
        .record(id, [{ type: 'channel.deleted', channel: text }], testDeadline())
        .catch(() => {})
      const channel = await store.channel(text.id, testDeadline())
      expect(
        channel !== undefined || (await store.invitesOf(text.id, testDeadline())).length === 0,
      ).toBe(true)
      expect(channel === undefined).toBe(writes === 2)
    },
  )

  it.each([0, 1, 2, 3, 4])(
    'of a guild leaves no invite to a guild without members, after %i writes',
    async (writes) => {
      const { state, id, owner, text } = aGuild(1)
      const store = await mongoMetadataStore(mongo())
      await store.createGuild(state, testDeadline())
      await store.createInvite(anInvite({ guildId: id, channelId: text.id }), testDeadline())
      const dying = await mongoMetadataStore(failingDatabase(writes, DELETES))
      await dying.record(id, [{ type: 'guild.deleted' }], testDeadline()).catch(() => {})
      const owned = (await store.guildsOf(owner.user.id, testDeadline())).length > 0
      expect(owned || (await store.invitesOfGuild(id, testDeadline())).length === 0).toBe(true)
      if (owned) expect(await store.loadGuild(id, testDeadline())).toEqual(state)
    },
  )
})

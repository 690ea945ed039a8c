import { aMessage, newId, soon, writeTime } from '@threshold/conformance/ports'
import type { MessageStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settle } from '../../src/migration/mirror.ts'
import type { Movable } from '../../src/migration/movable.ts'
import { type House, openHouse } from './house.ts'

const use = new AsyncDisposableStack()
let house: House
let store: MessageStore
beforeAll(async () => {
  house = await openHouse(use)
  await house.inPhase('cutover')
  store = await house.process()
})
afterAll(() => use.disposeAsync())

const key = (channelId: string) => ({ authorId: '80351110224678912', channelId, nonce: 'n' })
const keyText = (channelId: string) => `80351110224678912:${channelId}:n`

describe('a note of a send that settles after the cut-over', { timeout: 30_000 }, () => {
  it('takes nothing away that a retry stores in the very moment', async () => {
    const { mongo, cassandra } = house.sides
    const message = aMessage(newId())
    const { channelId, id } = message
    // The first try had its nonce reserved, and came no further.
    await cassandra.movable.putNonces([{ key: keyText(channelId), id, gone: false }], soon())
    const retried: Movable = {
      ...cassandra.movable,
      async rows(keys, deadline) {
        const before = await cassandra.movable.rows(keys, deadline)
        expect(await store.insert(aMessage(channelId), soon(), key(channelId))).toMatchObject({ outcome: 'inserted', message: { id } })
        return before
      },
    }
    const intent = { kind: 'insert' as const, channelId, id, dedupe: keyText(channelId) }
    await settle({ from: retried, to: mongo.movable }, intent, soon())
    expect(await mongo.store.get(channelId, [id], soon())).toEqual(await cassandra.store.get(channelId, [id], soon()))
    expect(await mongo.store.get(channelId, [id], soon())).toHaveLength(1)
    expect(await mongo.movable.nonce(keyText(channelId), soon())).toMatchObject({ id, gone: false })
  })

  it('takes away what was deleted since, though the delete never came', async () => {
    const { mongo, cassandra } = house.sides
    const message = aMessage(newId())
    const { channelId, id } = message
    await store.insert(message, soon(), key(channelId))
    await cassandra.store.remove(channelId, [id], writeTime(), soon()) // past the second store
    expect(await mongo.store.get(channelId, [id], soon())).toHaveLength(1)
    await settle({ from: cassandra.movable, to: mongo.movable }, { kind: 'insert', channelId, id, dedupe: keyText(channelId) }, soon())
    expect(await mongo.store.get(channelId, [id], soon())).toEqual([])
    expect(await mongo.movable.nonce(keyText(channelId), soon())).toMatchObject({ id, gone: true })
  })
})

import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
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

describe('a note of a delete that died half-way', { timeout: 30_000 }, () => {
  it('leaves no reactions behind, in either store', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openHouse(own)
    const { mongo, cassandra } = other.sides
    const message = aMessage(newId())
    const { channelId, id } = message
    const reaction = {
      v: 1 as const,
      channelId,
      messageId: id,
      emoji: '👍',
      userId: '7',
      writeTimeMicros: writeTime(),
    }
    for (const { store: each } of [mongo, cassandra]) {
      await each.insert(message, testDeadline())
      await each.react(reaction, testDeadline())
    }
    await other.mongo.db.collection('messages').deleteMany({}) // and then the process is killed
    await settle(
      { from: mongo.movable, to: cassandra.movable },
      { kind: 'remove', channelId, id },
      testDeadline(),
    )
    const key = [{ channelId, id }]
    for (const { movable, store: each } of [mongo, cassandra]) {
      expect(await movable.reactionsOn(key, testDeadline())).toEqual([])
      expect(await each.get(channelId, [id], testDeadline())).toEqual([])
    }
  })
})

describe('a note of a send that settles after the cut-over', { timeout: 30_000 }, () => {
  it('takes nothing away that a retry stores in the very moment', async () => {
    const { mongo, cassandra } = house.sides
    const message = aMessage(newId())
    const { channelId, id } = message
    // The first try had its nonce reserved, and came no further.
    await cassandra.movable.putNonces(
      [{ key: keyText(channelId), id, gone: false }],
      testDeadline(),
    )
    const retried: Movable = {
      ...cassandra.movable,
      async rows(keys, deadline) {
        const before = await cassandra.movable.rows(keys, deadline)
        expect(
          await store.insert(aMessage(channelId), testDeadline(), key(channelId)),
        ).toMatchObject({
          outcome: 'inserted',
          message: { id },
        })
        return before
      },
    }
    const intent = { kind: 'insert' as const, channelId, id, dedupe: keyText(channelId) }
    await settle({ from: retried, to: mongo.movable }, intent, testDeadline())
    expect(await mongo.store.get(channelId, [id], testDeadline())).toEqual(
      await cassandra.store.get(channelId, [id], testDeadline()),
    )
    expect(await mongo.store.get(channelId, [id], testDeadline())).toHaveLength(1)
    expect(await mongo.movable.nonce(keyText(channelId), testDeadline())).toMatchObject({
      id,
      gone: false,
    })
  })

  it('takes away what was deleted since, though the delete never came', async () => {
    const { mongo, cassandra } = house.sides
    const message = aMessage(newId())
    const { channelId, id } = message
    await store.insert(message, testDeadline(), key(channelId))
    await cassandra.store.remove(channelId, [id], writeTime(), testDeadline()) // past the second store
    expect(await mongo.store.get(channelId, [id], testDeadline())).toHaveLength(1)
    await settle(
      { from: cassandra.movable, to: mongo.movable },
      { kind: 'insert', channelId, id, dedupe: keyText(channelId) },
      testDeadline(),
    )
    expect(await mongo.store.get(channelId, [id], testDeadline())).toEqual([])
    expect(await mongo.movable.nonce(keyText(channelId), testDeadline())).toMatchObject({
      id,
      gone: true,
    })
  })
})

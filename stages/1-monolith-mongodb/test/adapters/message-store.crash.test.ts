import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { long } from '../../src/mongodb/database.ts'
import type { NonceDocument } from '../../src/mongodb/documents.ts'
import { suiteDatabase } from './database.ts'

const mongo = suiteDatabase()

/** The state after a process died between reserving a nonce and storing its message. */
async function reservedOnly(gone = false) {
  const store = await mongoMessageStore(mongo())
  const lost = aMessage(newId())
  const key = { authorId: lost.authorId, channelId: lost.channelId, nonce: 'n' }
  const _id = `${key.authorId}:${key.channelId}:${key.nonce}`
  await mongo()
    .db.collection<NonceDocument>('nonces')
    .insertOne({ _id, messageId: long(lost.id), at: new Date(), gone })
  return { store, lost, key }
}

describe('a nonce that was reserved without its message', () => {
  it('gives retries the reserved id, so that two of them are one message', async () => {
    const { store, lost, key } = await reservedOnly()
    const [first, second] = [aMessage(lost.channelId), aMessage(lost.channelId)]
    expect(await store.insert(first, testDeadline(), key)).toEqual({
      outcome: 'inserted',
      message: { ...first, id: lost.id },
    })
    expect(await store.insert(second, testDeadline(), key)).toEqual({
      outcome: 'duplicate',
      message: { ...first, id: lost.id },
    })
    expect(await store.page(lost.channelId, { at: 'latest' }, 10, testDeadline())).toHaveLength(1)
  })
})

describe('a nonce that a delete marked without deleting the message', () => {
  it('answers a retry with the message', async () => {
    const { store, lost, key } = await reservedOnly(true)
    await store.import([lost], testDeadline())
    expect(await store.insert(aMessage(lost.channelId), testDeadline(), key)).toEqual({
      outcome: 'duplicate',
      message: lost,
    })
  })
})

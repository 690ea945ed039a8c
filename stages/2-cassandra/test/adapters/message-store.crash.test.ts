import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { long } from '../../src/cassandra/rows.ts'
import { openStore } from './database.ts'

const use = new AsyncDisposableStack()
let opened: Awaited<ReturnType<typeof openStore>>
beforeAll(async () => {
  opened = await openStore(use)
})
afterAll(() => use.disposeAsync())

/** The state after a process has died between reserving a nonce and storing its message. */
async function reservedOnly(deleted = false) {
  const { store, database, keyspace } = opened
  const lost = aMessage(newId())
  const key = { authorId: lost.authorId, channelId: lost.channelId, nonce: 'n' }
  const insert = `INSERT INTO ${keyspace}.nonces (key, message_id, gone) VALUES (?, ?, ?) IF NOT EXISTS USING TTL 300`
  await database.client.execute(
    insert,
    [`${key.authorId}:${key.channelId}:${key.nonce}`, long(lost.id), deleted],
    { prepare: true },
  )
  return { store, lost, key }
}

describe('a nonce whose process died before the message was stored', () => {
  it('gives a retry its id, so that two retries are one message', async () => {
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

  it('is sent by exactly one of many simultaneous retries', async () => {
    const { store, lost, key } = await reservedOnly()
    const all = await Promise.all(
      Array.from({ length: 10 }, () => store.insert(aMessage(lost.channelId), testDeadline(), key)),
    )
    expect(all.filter(({ outcome }) => outcome === 'inserted')).toHaveLength(1)
    expect(new Set(all.map(({ message }) => message.id))).toEqual(new Set([lost.id]))
  })
})

describe('a nonce that a delete marked before its process died', () => {
  it('answers a retry with the message, which is still there', async () => {
    const { store, lost, key } = await reservedOnly(true)
    await store.import([lost], testDeadline())
    expect(await store.insert(aMessage(lost.channelId), testDeadline(), key)).toEqual({
      outcome: 'duplicate',
      message: lost,
    })
  })
})

describe('a bucket whose process died before the message was stored', () => {
  it('is empty and hides nothing', async () => {
    const { store, database, keyspace } = opened
    const message = aMessage(newId())
    const insert = `INSERT INTO ${keyspace}.channel_buckets (channel_id, bucket) VALUES (?, ?)`
    for (const bucket of [0, 7, 5_000])
      await database.client.execute(insert, [long(message.channelId), bucket], { prepare: true })
    await store.insert(message, testDeadline())
    expect(await store.page(message.channelId, { at: 'latest' }, 10, testDeadline())).toEqual([
      message,
    ])
    expect(
      await store.page(message.channelId, { at: 'after', id: '0' }, 10, testDeadline()),
    ).toEqual([message])
  })
})

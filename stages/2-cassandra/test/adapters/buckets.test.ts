import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { type ChannelId, firstIdAt, type MessageId } from '@threshold/contract'
import { bucketOf, type StoredMessage } from '@threshold/domain'
import { deadlineAfter, silentLog } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cassandraDatabase } from '../../src/cassandra/database.ts'
import { long } from '../../src/cassandra/rows.ts'
import { openStore } from './database.ts'

const use = new AsyncDisposableStack()
let opened: Awaited<ReturnType<typeof openStore>>
beforeAll(async () => {
  opened = await openStore(use)
})
afterAll(() => use.disposeAsync())

const DAY_MS = 86_400_000
const aged = (channelId: ChannelId, days: number): StoredMessage =>
  aMessage(channelId, {
    id: String(BigInt(firstIdAt(Date.now() - days * DAY_MS)) + BigInt(Math.floor(days) + 1)),
  })

/** The number of statements that an operation sends. */
async function costOf(act: () => Promise<unknown>): Promise<number> {
  const before = await opened.statements()
  await act()
  return (await opened.statements()) - before
}
const latest = (channel: ChannelId, limit = 50) =>
  opened.store.page(channel, { at: 'latest' }, limit, testDeadline())
const idsOf = (messages: readonly StoredMessage[]): MessageId[] => messages.map(({ id }) => id)

describe('a page', () => {
  it('of a lively channel reads its bucket list and one partition, however far back it goes', async () => {
    const channel = newId()
    const recent = Array.from({ length: 60 }, () => aMessage(channel))
    await opened.store.import(
      [...recent, ...Array.from({ length: 80 }, (_, i) => aged(channel, 20 + i * 10))],
      testDeadline(),
    )
    expect(await costOf(() => latest(channel))).toBe(2)
  })

  it('of a channel that slept for years skips the buckets in between', async () => {
    const channel = newId()
    const messages = [aMessage(channel), aged(channel, 1_200), aged(channel, 2_400)]
    await opened.store.import(messages, testDeadline())
    // The bucket list, and three partitions; 240 lie between the first and the last.
    expect(
      await costOf(async () => expect(idsOf(await latest(channel))).toEqual(idsOf(messages))),
    ).toBe(4)
    expect(
      await costOf(() =>
        opened.store.page(channel, { at: 'before', id: messages[0]!.id }, 1, testDeadline()),
      ),
    ).toBe(3)
    expect(
      await costOf(() => opened.store.page(channel, { at: 'after', id: '0' }, 1, testDeadline())),
    ).toBe(2)
  })

  it('is full although some rows hold no message, such as the mark of a reaction that came first', async () => {
    const channel = newId()
    const [newest, ...rest] = Array.from({ length: 12 }, () => aMessage(channel)).toReversed()
    const marks = rest.filter((_, i) => i % 3 > 0)
    const messages = [newest!, ...rest.filter((_, i) => i % 3 === 0), aged(channel, 30)]
    await opened.store.import(messages, testDeadline())
    const mark = `UPDATE ${opened.keyspace}.messages SET reacted = true WHERE channel_id = ? AND bucket = ? AND message_id = ?`
    for (const { id } of marks) {
      const at = [long(channel), bucketOf(id, opened.config.bucketDays), long(id)]
      await opened.database.run('mark', testDeadline(), (execute) => execute(mark, at))
    }
    const ids = idsOf(messages)
    expect(idsOf(await latest(channel, 3))).toEqual(ids.slice(0, 3))
    expect(idsOf(await latest(channel))).toEqual(ids)
    expect(
      idsOf(await opened.store.page(channel, { at: 'before', id: ids[0]! }, 2, testDeadline())),
    ).toEqual(ids.slice(1, 3))
    expect(
      idsOf(await opened.store.page(channel, { at: 'after', id: '0' }, 3, testDeadline())),
    ).toEqual(ids.slice(-3))
    expect(
      idsOf(await opened.store.page(channel, { at: 'around', id: ids[2]! }, 5, testDeadline())),
    ).toEqual(ids.slice(0, 5))
  })

  it('of a channel that was cleared reads its emptied buckets once', async () => {
    let now = Date.now()
    const store = opened.another(() => now)
    const channel = newId()
    const deleted = Array.from({ length: 5 }, (_, i) => aged(channel, 30 + i * 10))
    const kept = aged(channel, 200)
    await store.import([...deleted, kept], testDeadline())
    expect(await store.remove(channel, idsOf(deleted), writeTime(), testDeadline())).toHaveLength(5)
    const read = async () =>
      expect(idsOf(await store.page(channel, { at: 'latest' }, 50, testDeadline()))).toEqual([
        kept.id,
      ])
    // A process that opened a bucket a moment ago may be about to write, so no mark counts yet.
    expect(await costOf(read)).toBe(1 + 6 + 5)
    now += 60_000
    expect(await costOf(read)).toBe(1 + 6 + 5)
    // Pages do not wait for their marks, so the next page may come before the last of them.
    await expect.poll(() => costOf(read)).toBe(2)
    // A later write opens its bucket again, whichever process marked it.
    now += 60_000
    const other = opened.another(() => now)
    await other.import(
      [{ ...deleted[2]!, id: String(BigInt(deleted[2]!.id) + 1n) }],
      testDeadline(),
    )
    const back = await store.page(channel, { at: 'latest' }, 50, testDeadline())
    expect(idsOf(back)).toEqual([String(BigInt(deleted[2]!.id) + 1n), kept.id])
  })

  it('shows a message sent into a bucket that was marked empty by a process whose clock was ahead', async () => {
    const channel = newId()
    const deleted = aMessage(channel)
    await opened.store.insert(deleted, testDeadline())
    await opened.store.remove(channel, [deleted.id], writeTime(), testDeadline())
    const ahead = opened.another(() => Date.now() + 20 * DAY_MS)
    expect(await ahead.page(channel, { at: 'latest' }, 50, testDeadline())).toEqual([])
    // Pages do not wait for their marks.
    await expect.poll(() => costOf(() => latest(channel))).toBe(1)
    const sent = aMessage(channel)
    await opened.another().insert(sent, testDeadline())
    expect(idsOf(await latest(channel))).toEqual([sent.id])
  })

  it('of a channel whose present bucket is empty reads it each time', async () => {
    const channel = newId()
    const message = aMessage(channel)
    await opened.store.insert(message, testDeadline())
    await opened.store.remove(channel, [message.id], writeTime(), testDeadline())
    for (let n = 0; n < 3; n++) expect(await costOf(() => latest(channel))).toBe(2)
  })

  it('of an empty channel reads its bucket list and no partition', async () => {
    expect(await costOf(() => latest(newId()))).toBe(1)
  })

  it('counts reactions only for messages that have some', async () => {
    const channel = newId()
    const messages = Array.from({ length: 40 }, () => aMessage(channel))
    await opened.store.import(messages, testDeadline())
    const counts = () => opened.store.reactions(channel, idsOf(messages), '1', testDeadline())
    expect(await costOf(counts)).toBe(1)
    const reaction = {
      v: 1,
      channelId: channel,
      messageId: messages[3]!.id,
      emoji: '👍',
      userId: '1',
    } as const
    await opened.store.react({ ...reaction, writeTimeMicros: writeTime() }, testDeadline())
    expect(await costOf(async () => expect((await counts()).size).toBe(1))).toBe(3)
    await opened.store.unreact({ ...reaction, writeTimeMicros: writeTime() }, testDeadline())
    await opened.store.react(
      { ...reaction, userId: '2', writeTimeMicros: writeTime() },
      testDeadline(),
    )
    expect((await counts()).get(reaction.messageId)).toEqual([{ emoji: '👍', count: 1, me: false }])
  })
})

describe('a write', () => {
  it('opens its bucket once', async () => {
    const channel = newId()
    const insert = () => opened.store.insert(aMessage(channel), testDeadline())
    // Reads the message and its bucket's mark, writes the bucket and the message.
    expect(await costOf(insert)).toBe(4)
    expect(await costOf(insert)).toBe(2)
  })

  it('whose deadline has passed sends nothing', async () => {
    const message = aMessage(newId())
    const late = deadlineAfter(-1)
    const cost = await costOf(async () => {
      await expect(opened.store.insert(message, late)).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      })
      await expect(
        opened.store.remove(message.channelId, [message.id], writeTime(), late),
      ).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      })
    })
    expect(cost).toBe(0)
  })

  it('leaves columns unset that it does not name, since a null would be a tombstone', async () => {
    const { database, keyspace, store } = opened
    const message = aMessage(newId())
    const { channelId, id, writeTimeMicros: at } = message
    await store.insert(message, testDeadline())
    await store.edit(
      { id, channelId, set: { content: 'edited' }, writeTimeMicros: at + 10n },
      testDeadline(),
    )
    // Older than both: a null of either would cover this value.
    const update = `UPDATE ${keyspace}.messages USING TIMESTAMP ? SET flags = 4 WHERE channel_id = ? AND bucket = ? AND message_id = ?`
    await database.client.execute(update, [at - 1n, long(channelId), bucketOf(id, 10), long(id)], {
      prepare: true,
    })
    expect(await store.get(channelId, [id], testDeadline())).toMatchObject([
      { content: 'edited', flags: 4 },
    ])
  })
})

describe('a keyspace', () => {
  it('keeps the width of its buckets, and refuses another', async () => {
    const { config } = opened
    await expect(cassandraDatabase({ ...config, bucketDays: 30 })).rejects.toMatchObject({
      code: 'BUCKET_WIDTH',
      message: expect.stringContaining('THRESHOLD_BUCKET_DAYS=10'),
    })
    await using again = await cassandraDatabase(config)
    expect(again).toBeDefined()
  })

  it('in another data centre is a wrong configuration, and no outage', async () => {
    const elsewhere = cassandraDatabase(
      { ...opened.config, localDataCenter: 'nowhere' },
      undefined,
      silentLog,
    )
    await expect(elsewhere).rejects.toMatchObject({
      code: 'CASSANDRA_REFUSED',
      message: expect.stringContaining('nowhere'),
    })
  })
})

import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { StoredMessage } from '@threshold/domain'
import { bucketOf } from '@threshold/domain'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  cassandraMessageStore,
  DELETE_WRITE_TIME,
} from '../../src/adapters/message-store.cassandra.ts'
import { cassandraDatabase } from '../../src/cassandra/database.ts'
import { COLUMNS, insertValues, long } from '../../src/cassandra/rows.ts'
import { openStore } from './database.ts'

const use = new AsyncDisposableStack()
let opened: Awaited<ReturnType<typeof openStore>>
beforeAll(async () => {
  opened = await openStore(use)
})
afterAll(() => use.disposeAsync())

const ONE = 'channel_id = ? AND bucket = ? AND message_id = ?'
const keyOf = ({ channelId, id }: StoredMessage) => [long(channelId), bucketOf(id, 10), long(id)]

/**
 * Mutations as they reach a replica, each with its own time, in any order: from other coordinators,
 * as hints, by repair.
 */
function mutations(message: StoredMessage, removedAt: bigint) {
  const { database, keyspace } = opened
  const send = (cql: string, values: unknown[]) => () =>
    database.client.execute(cql, values, { prepare: true })
  const columns = ['channel_id', 'bucket', 'message_id', ...COLUMNS]
  const insert = `INSERT INTO ${keyspace}.messages (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) USING TIMESTAMP ?`
  const update = `UPDATE ${keyspace}.messages USING TIMESTAMP ? SET content = ?, write_time = ? WHERE ${ONE}`
  const edit = (content: string, at: bigint) => send(update, [at, content, at, ...keyOf(message)])
  return {
    insert: send(insert, [
      ...keyOf(message),
      ...insertValues(message, undefined),
      message.writeTimeMicros,
    ]),
    earlyEdit: edit('early', message.writeTimeMicros + 10n),
    lateEdit: edit('late', message.writeTimeMicros + 1_000n),
    remove: send(`DELETE FROM ${keyspace}.messages USING TIMESTAMP ? WHERE ${ONE}`, [
      removedAt,
      ...keyOf(message),
    ]),
  }
}

/** The rows of the message that are left on the replica. */
async function rowsLeft(message: StoredMessage): Promise<number> {
  const { database, keyspace } = opened
  const { rowLength } = await database.client.execute(
    `SELECT * FROM ${keyspace}.messages WHERE ${ONE}`,
    keyOf(message),
    { prepare: true },
  )
  return rowLength
}

describe('a message that is edited and deleted at the same time', () => {
  const order = fc.shuffledSubarray(['insert', 'earlyEdit', 'lateEdit', 'remove'] as const, {
    minLength: 4,
  })

  it('leaves no row, in any order in which insert, edits and delete reach the replica', () =>
    fc.assert(
      fc.asyncProperty(order, async (steps) => {
        const message = aMessage(newId())
        const sends = mutations(message, DELETE_WRITE_TIME)
        for (const step of steps) await sends[step]()
        expect(await rowsLeft(message)).toBe(0)
        expect(await opened.store.get(message.channelId, [message.id], testDeadline())).toEqual([])
        expect(
          await opened.store.page(message.channelId, { at: 'latest' }, 10, testDeadline()),
        ).toEqual([])
      }),
      { numRuns: 24 },
    ))

  it('would leave a row of edited columns only if the delete had its own time', async () => {
    const message = aMessage(newId())
    const { insert, remove, lateEdit } = mutations(message, message.writeTimeMicros + 100n)
    for (const send of [insert, remove, lateEdit]) await send()
    expect(await rowsLeft(message)).toBe(1)
    // So a row without an author is never shown.
    expect(await opened.store.get(message.channelId, [message.id], testDeadline())).toEqual([])
  })

  it('stays deleted when a backfill inserts it again', async () => {
    const message = aMessage(newId())
    await opened.store.insert(message, testDeadline())
    await opened.store.remove(message.channelId, [message.id], writeTime(), testDeadline())
    await opened.store.import([message], testDeadline())
    expect(await rowsLeft(message)).toBe(0)
  })
})

describe('a reaction to a message whose batch of deletes is half applied', () => {
  it('is told that there is no such message when the other half follows', async () => {
    const message = aMessage(newId())
    await opened.store.insert(message, testDeadline())
    const { database, keyspace } = opened
    const reactions = `DELETE FROM ${keyspace}.reactions USING TIMESTAMP ? WHERE message_id = ?`
    const values = [DELETE_WRITE_TIME, long(message.id)]
    await database.client.execute(reactions, values, { prepare: true })
    const before = await opened.statements()
    const reacting = opened.store.react(
      {
        v: 1,
        channelId: message.channelId,
        messageId: message.id,
        emoji: '👍',
        userId: newId(),
        writeTimeMicros: writeTime(),
      },
      testDeadline(),
    )
    // The tombstone covers each attempt. One sends four statements, so these are more than five.
    await vi.waitFor(async () => expect(await opened.statements()).toBeGreaterThan(before + 24), {
      timeout: 5_000,
    })
    await mutations(message, DELETE_WRITE_TIME).remove()
    expect(await reacting).toBe('absent')
  })
})

describe('two processes on one keyspace', () => {
  it('that edit and delete the same messages leave no ghost, and give true answers', async () => {
    const database = use.use(await cassandraDatabase(opened.config))
    const other = cassandraMessageStore(database, opened.config)
    const channel = newId()
    const messages = Array.from({ length: 60 }, () => aMessage(channel))
    await opened.store.import(messages, testDeadline())
    const answers = await Promise.all(
      messages.map(async (message) => {
        const edit = {
          id: message.id,
          channelId: channel,
          set: { content: 'edited' },
          writeTimeMicros: writeTime() + 1_000_000n,
        }
        return await Promise.all([
          opened.store.edit(edit, testDeadline()),
          other.remove(channel, [message.id], writeTime(), testDeadline()),
        ])
      }),
    )
    for (const [index, [edited, removed]] of answers.entries()) {
      const message = messages[index]!
      const [there] = await opened.store.get(channel, [message.id], testDeadline())
      expect(removed).toEqual(there ? [] : [message.id])
      if (there) expect(there).toEqual(edited)
      if (edited !== 'absent') expect(edited).toMatchObject({ content: 'edited' })
      expect(await rowsLeft(message)).toBe(there ? 1 : 0)
    }
  })
})

import type { StoredMessage } from '@threshold/domain'
import {
  fromMessageDocument,
  type MessageDocument,
  type ReactionDocument,
} from '@threshold/stage-1/mongodb/documents'
import type { types } from 'cassandra-driver'
import { expect, vi } from 'vitest'
import { fromRow } from '../../src/cassandra/rows.ts'
import type { Fixture } from './fixture.ts'

interface StoredData {
  readonly messages: ReadonlyMap<string, StoredMessage>
  readonly reactions: ReadonlyMap<string, bigint>
}

/** Everything on MongoDB, read without the code under test. */
async function onMongo({ mongo }: Fixture): Promise<StoredData> {
  const messages = (await mongo.db.collection<MessageDocument>('messages').find().toArray()).map(
    fromMessageDocument,
  )
  const reactions = await mongo.db.collection<ReactionDocument>('reactions').find().toArray()
  return {
    messages: byId(messages),
    reactions: new Map(reactions.map(({ _id, writeTime }) => [_id, writeTime])),
  }
}

/** A thousand large messages in one answer would be more than a small node's heap. */
const FETCHED = { messages: 40, reactions: 1_000 } as const

export async function onCassandra({
  cassandra: { client },
  config: { keyspace },
}: Fixture): Promise<StoredData> {
  const all = async (table: string, fetchSize: number) => {
    const rows: types.Row[] = []
    for (let pageState: string | undefined; ; ) {
      const options = {
        prepare: true,
        fetchSize,
        ...(pageState === undefined ? {} : { pageState }),
      }
      const page = await client.execute(`SELECT * FROM ${keyspace}.${table}`, [], options)
      rows.push(...page.rows)
      if (!page.pageState) break
      pageState = page.pageState
    }
    return rows
  }
  const messages = (await all('messages', FETCHED.messages)).flatMap((row) => fromRow(row) ?? [])
  const keyed = (await all('reactions', FETCHED.reactions)).map((row): [string, bigint] => [
    `${row.message_id}:${row.emoji}:${row.user_id}`,
    row.write_time as bigint,
  ])
  return { messages: byId(messages), reactions: new Map(keyed) }
}

/**
 * Waits until all intents are reconciled, and compares the stores. Nothing may be written
 * meanwhile.
 */
export async function expectEqual(fixture: Fixture, withinMs = 40_000): Promise<StoredData> {
  const intents = fixture.mongo.db.collection('migration_intents')
  await vi.waitFor(async () => expect(Number(await intents.countDocuments({}))).toBe(0), {
    timeout: withinMs,
    interval: 100,
  })
  const [mongo, cassandra] = [await onMongo(fixture), await onCassandra(fixture)]
  expect(cassandra.messages).toEqual(mongo.messages)
  expect(cassandra.reactions).toEqual(mongo.reactions)
  return mongo
}

const byId = (messages: readonly StoredMessage[]): Map<string, StoredMessage> =>
  new Map(messages.map((message) => [message.id, message]))

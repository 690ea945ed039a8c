import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { bucketOf, type Reaction } from '@threshold/domain'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import type { CassandraDatabase, CassandraRow } from '../../src/cassandra/database.ts'
import { long } from '../../src/cassandra/rows.ts'
import { hasMessages, probe } from '../../src/cassandra/schema.ts'
import { cassandraReplica } from '../../src/migration/replica.cassandra.ts'
import { config, recordedDriver, type SentStatement } from './recorded-driver.ts'

const channel = newId()
const message = aMessage(channel)
const reaction: Reaction = {
  v: 1,
  channelId: channel,
  messageId: message.id,
  emoji: '👍',
  userId: '7',
  writeTimeMicros: writeTime(),
}

const MESSAGE: CassandraRow = {
  channel_id: long(channel),
  message_id: long(message.id),
  author_id: 7n,
  content: 'hello',
  type: 0,
  v: 1,
  write_time: message.writeTimeMicros,
  reacted: true,
  dedupe: 'key',
}
/** The rows of the tables decide which way an operation takes. These three cover all ways. */
const CONTENTS = {
  nothing: {},
  messages: { messages: [{ ...MESSAGE, reacted: null }] },
  everything: {
    messages: [MESSAGE],
    reactions: [{ emoji: '👍', user_id: 7n, count: 1n, first: 1n, write_time: 1n }],
    nonces: [{ '[applied]': false, message_id: 1n, gone: false }],
  },
} satisfies Record<string, Record<string, CassandraRow[]>>

function answerFrom(tables: Record<string, CassandraRow[]>) {
  // An old bucket, and the one of the message.
  const buckets = [bucketOf(message.id, config.bucketDays), 0].map((bucket) => ({
    channel_id: long(channel),
    bucket,
    emptied: false,
  }))
  const rows: Record<string, CassandraRow[]> = {
    settings: [{ value: String(config.bucketDays) }],
    channel_buckets: buckets,
    nonces: [{ '[applied]': true }],
    ...tables,
  }
  return (cql: string): CassandraRow[] => rows[/\brecorded\.(\w+)/.exec(cql)?.[1] ?? ''] ?? []
}

/** Every statement of the port, of the migration replica and of the schema. */
export const sentStatements = async (): Promise<SentStatement[]> =>
  (await Promise.all(Object.values(CONTENTS).map(sentWith))).flat()

async function sentWith(tables: Record<string, CassandraRow[]>): Promise<SentStatement[]> {
  const { database, sent } = await recordedDriver(config, answerFrom(tables))
  await probe(database, config, testDeadline())
  await hasMessages(database, config, testDeadline())
  await useStore(database)
  await useReplica(database)
  return sent
}

async function useStore(database: CassandraDatabase): Promise<void> {
  const store = cassandraMessageStore(database, config)
  const { id } = message
  await store.insert(message, testDeadline(), { authorId: '7', channelId: channel, nonce: 'n' })
  await store.import([message], testDeadline())
  await store.get(channel, [id], testDeadline())
  await store.newest([channel], testDeadline())
  for (const before of [undefined, id]) await store.senders(channel, before, 50, testDeadline())
  await store.page(channel, { at: 'latest' }, 50, testDeadline())
  for (const at of ['before', 'after', 'around'] as const)
    await store.page(channel, { at, id }, 50, testDeadline())
  const set = { content: 'edited' }
  await store.edit({ id, channelId: channel, set, writeTimeMicros: writeTime() }, testDeadline())
  // The driver stores nothing, so each reaction looks as if it were taken back at once.
  await store.react(reaction, testDeadline()).catch((error: { code?: string }) => {
    if (error.code !== 'UNAVAILABLE') throw error
  })
  await store.unreact(reaction, testDeadline())
  await store.reactors(channel, id, '👍', { limit: 10 }, testDeadline())
  await store.reactions(channel, [id], '7', testDeadline())
  await store.remove(channel, [id], writeTime(), testDeadline())
}

async function useReplica(database: CassandraDatabase): Promise<void> {
  const replica = cassandraReplica(database, config)
  const key = { channelId: channel, id: message.id }
  const rows = Array.from({ length: 63 }, () => ({ message }))
  await replica.rows([key], testDeadline())
  await replica.existing([key], testDeadline())
  await replica.put(rows, testDeadline(), { edited: true })
  await replica.delete([{ ...key, dedupe: 'key' }], testDeadline())
  await replica.nonce('key', testDeadline())
  await replica.putNonces([{ key: 'key', id: message.id, deleted: true }], testDeadline())
  await replica.reaction(reaction, testDeadline())
  await replica.reactionsOn([key], testDeadline())
  await replica.reactionsOn([key], testDeadline(), reaction)
  await replica.putReactions([reaction], testDeadline())
  await replica.reactionsDeletedAt(key, testDeadline())
  await replica.deleteReactions([reaction], testDeadline())
  for (const range of replica.ranges(0))
    await replica.scanKeys({ ...range, cursor: null }, 500, testDeadline())
}

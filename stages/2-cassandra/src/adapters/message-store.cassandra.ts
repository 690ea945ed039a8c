import type { ChannelId, MessageId } from '@threshold/contract'
import { isSameSend, type StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import { createBuckets } from '../cassandra/buckets.ts'
import type {
  CassandraConfig,
  CassandraDatabase,
  CassandraRow,
  Execute,
} from '../cassandra/database.ts'
import { keyedMutex } from '../cassandra/keyed-mutex.ts'
import { createNewest } from '../cassandra/newest.ts'
import { createNonces } from '../cassandra/nonces.ts'
import { createPages } from '../cassandra/pages.ts'
import { editValues, fromRow, insertValues, long, senderFrom, text } from '../cassandra/rows.ts'
import { statements } from '../cassandra/statements.ts'
import { cassandraReactions } from './reactions.cassandra.ts'

/**
 * The write time of every delete: later than any write, since ids are never reused. A deleted
 * message stays deleted, whatever arrives after the delete: an edit that read it a moment before, a
 * hint, a backfill. A delete at its own time would let a later edit bring back a row that has only
 * the edited columns, a ghost (lab 2.5). The price: such a tombstone is dropped only once a
 * compaction has seen all of its partition.
 */
export const DELETE_WRITE_TIME = 1n << 62n

/** The most writes of an import under way. */
const IMPORTED_AT_ONCE = 128

/**
 * Messages in partitions by channel and bucket ("How Discord Stores Billions of Messages", 2017).
 * Every write carries the message's own write time as its CQL timestamp. The later of two writes
 * wins on every replica, in whatever order they arrive.
 *
 * An operation that reads and then writes holds the message's lock, within this process. Each id is
 * made by one process, so two processes never insert the same one. An edit in one process beside a
 * delete in another ends deleted although it was answered with its text, as if the delete had come
 * a moment later. A guarantee across processes would need a lightweight transaction for each edit
 * and delete: two or four times the round trips.
 */
export function cassandraMessageStore(
  database: CassandraDatabase,
  config: CassandraConfig,
  now: () => number = Date.now,
): MessageStore {
  const { keyspace } = config
  const cql = statements(keyspace).messages
  const buckets = createBuckets(keyspace, config.bucketDays, now)
  const nonces = createNonces(keyspace)
  const withLock = keyedMutex()
  const page = createPages(cql.page, buckets, now, fromRow)
  const senders = createPages(cql.senders, buckets, now, senderFrom)
  const newest = createNewest(cql.newest, buckets, page)

  const keyOf = (channel: ChannelId, id: MessageId): unknown[] => [
    long(channel),
    buckets.of(id),
    long(id),
  ]

  async function find(
    execute: Execute,
    channel: ChannelId,
    id: MessageId,
  ): Promise<StoredMessage | undefined> {
    const [row] = await execute(cql.one, keyOf(channel, id))
    return row && fromRow(row)
  }

  /** One statement for each bucket: for the messages of a page, one or two. */
  async function rowsOf(
    execute: Execute,
    select: string,
    channel: ChannelId,
    ids: readonly MessageId[],
  ): Promise<CassandraRow[]> {
    const byBucket = [...Map.groupBy(new Set(ids), buckets.of)]
    const rows = await Promise.all(
      byBucket.map(([bucket, some]) => execute(select, [long(channel), bucket, some.map(long)])),
    )
    return rows.flat()
  }

  /** The bucket must be open. */
  const write = (execute: Execute, message: StoredMessage, dedupe?: string): Promise<unknown> =>
    execute(cql.insert, [
      ...keyOf(message.channelId, message.id),
      ...insertValues(message, dedupe),
      message.writeTimeMicros,
    ])

  const insertOnce = (execute: Execute, message: StoredMessage, dedupe?: string) =>
    withLock(message.id, async () => {
      const [row] = await execute(cql.one, keyOf(message.channelId, message.id))
      const first = row && fromRow(row)
      if (first) {
        const same = isSameSend(
          first,
          row.dedupe == null ? undefined : text(row.dedupe),
          message,
          dedupe,
        )
        return same
          ? ({ outcome: 'duplicate', message: first } as const)
          : ({ outcome: 'taken', message } as const)
      }
      await buckets.open(execute, message.channelId, buckets.of(message.id))
      await write(execute, message, dedupe)
      // Another try of this send may have been stored and deleted meanwhile. That delete covers
      // this write, so nothing was stored.
      const lost = dedupe !== undefined && !(await find(execute, message.channelId, message.id))
      return { outcome: lost ? 'duplicate' : 'inserted', message } as const
    })

  async function removeOne(
    execute: Execute,
    channel: ChannelId,
    id: MessageId,
    writeTimeMicros: bigint,
  ): Promise<MessageId[]> {
    const [row] = await execute(cql.deletable, keyOf(channel, id))
    if (row?.author_id == null || (row.write_time as bigint) > writeTimeMicros) return []
    if (row.dedupe != null) await nonces.markDeleted(execute, text(row.dedupe), id)
    await execute(cql.delete, [
      DELETE_WRITE_TIME,
      ...keyOf(channel, id),
      DELETE_WRITE_TIME,
      long(id),
    ])
    return [id]
  }

  return {
    insert: (message, deadline, dedupe) =>
      database.run('messages.insert', deadline, async (execute) => {
        if (!dedupe) return await insertOnce(execute, message)
        const key = nonces.keyOf(dedupe)
        // One after the other: concurrent reservations of one key wait longer for each other in
        // Paxos.
        const held = await withLock(key, () => nonces.reserve(execute, key, message.id))
        const reserved = { ...message, id: held.id }
        // Sent and deleted since: the retry must not bring it back.
        if (held.deleted)
          return {
            outcome: 'duplicate',
            message: (await find(execute, message.channelId, held.id)) ?? reserved,
          }
        // A process may have died after reserving the nonce and before storing the message. An
        // insert under the reserved id is right in either case.
        const inserted = await insertOnce(execute, reserved, key)
        // The next try must not be given the same id.
        if (inserted.outcome === 'taken') await nonces.release(execute, key, held.id)
        return inserted
      }),

    import: (batch, deadline) =>
      database.run('messages.import', deadline, async (execute) => {
        // One statement per message: a batch over many partitions would make one node the
        // coordinator of all of them.
        for (let at = 0; at < batch.length; at += IMPORTED_AT_ONCE) {
          const some = batch.slice(at, at + IMPORTED_AT_ONCE)
          const byPartition = Map.groupBy(
            some,
            ({ channelId, id }) => `${channelId}:${buckets.of(id)}`,
          )
          await Promise.all(
            [...byPartition.values()].map(
              ([one]) => one && buckets.open(execute, one.channelId, buckets.of(one.id)),
            ),
          )
          await Promise.all(some.map((message) => write(execute, message)))
        }
      }),

    get: (channel, ids, deadline) =>
      database.run('messages.get', deadline, async (execute) =>
        (await rowsOf(execute, cql.some, channel, ids)).flatMap((row) => fromRow(row) ?? []),
      ),

    newest: (channels, deadline) =>
      database.run('messages.newest', deadline, (execute) => newest(execute, channels)),

    page: (channel, anchor, limit, deadline) =>
      database.run('messages.page', deadline, (execute) => page(execute, channel, anchor, limit)),

    senders: (channel, before, limit, deadline) =>
      database.run('messages.senders', deadline, (execute) =>
        senders(
          execute,
          channel,
          before === undefined ? { at: 'latest' } : { at: 'before', id: before },
          limit,
        ),
      ),

    edit: ({ id, channelId, set, writeTimeMicros }, deadline) =>
      database.run('messages.edit', deadline, (execute) =>
        withLock(id, async () => {
          const before = await find(execute, channelId, id)
          if (!before) return 'absent'
          if (before.writeTimeMicros >= writeTimeMicros) return before
          await execute(cql.edit, [
            writeTimeMicros,
            writeTimeMicros,
            ...editValues(set),
            ...keyOf(channelId, id),
          ])
          // Another process may have deleted it in between. That delete is later than this write on
          // every replica.
          return (await find(execute, channelId, id)) ?? 'absent'
        }),
      ),

    remove: (channel, ids, writeTimeMicros, deadline) =>
      database.run('messages.remove', deadline, async (execute) => {
        const each = [...new Set(ids)].map((id) =>
          withLock(id, () => removeOne(execute, channel, id, writeTimeMicros)),
        )
        return (await Promise.all(each)).flat()
      }),

    ...cassandraReactions(database, {
      keyspace,
      keyOf,
      reactedRows: (execute, channel, ids) => rowsOf(execute, cql.reacted, channel, ids),
    }),
    [Symbol.asyncDispose]: async () => {},
  }
}

import type { ChannelId, MessageId } from '@threshold/contract'
import { isSameSend, type StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import { createBuckets } from '../cassandra/buckets.ts'
import type { CassandraConfig, CassandraDatabase, Execute, Row } from '../cassandra/database.ts'
import { createNewest } from '../cassandra/newest.ts'
import { createNonces } from '../cassandra/nonces.ts'
import { createPages } from '../cassandra/pages.ts'
import {
  COLUMNS,
  EDITABLE,
  editValues,
  fromRow,
  insertValues,
  long,
  senderFrom,
  text,
} from '../cassandra/rows.ts'
import { turns } from '../cassandra/turns.ts'
import { cassandraReactions } from './reactions.cassandra.ts'

/**
 * The write time of every delete: later than any write, for ids are never used again. A deleted
 * message stays deleted, whatever arrives after it: an edit that read it a moment before, a hint, a
 * backfill. With the delete's own time a later edit would bring back a row that has only the edited
 * columns, a ghost: lab 2.5. The price: such a tombstone is dropped only once a compaction has seen
 * all of its partition.
 */
export const FOREVER = 1n << 62n

/** Writes of an import that are under way together. */
const IMPORTED_TOGETHER = 128

/**
 * Messages in partitions by channel and bucket ("How Discord Stores Billions of Messages", 2017).
 * Every write carries the message's own write time as its CQL timestamp: of two writes the later
 * one wins on every replica, in whatever order they come.
 *
 * What reads and then writes takes its turn by message, within this process. Ids are made by one
 * process each, so that two never insert the same one. An edit in one process beside a delete in
 * another would end deleted although it was answered with its text, as if the delete had come a
 * moment later; to promise more across processes takes a lightweight transaction for each edit and
 * delete, twice the round trips or four times. Stage 3 has no need of it: one guild is one actor.
 */
export function cassandraMessageStore(
  database: CassandraDatabase,
  config: CassandraConfig,
  now: () => number = Date.now,
): MessageStore {
  const { keyspace } = config
  const table = `${keyspace}.messages`
  const buckets = createBuckets(keyspace, config.bucketDays, now)
  const nonces = createNonces(keyspace)
  const inTurn = turns()

  const SELECT = `SELECT channel_id, message_id, reacted, ${COLUMNS.join(', ')} FROM ${table}`
  const INSERT = `INSERT INTO ${table} (channel_id, bucket, message_id, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP ?`
  const ONE = 'channel_id = ? AND bucket = ? AND message_id = ?'
  const UPDATE = `UPDATE ${table} USING TIMESTAMP ? SET write_time = ?, ${EDITABLE.map((column) => `${column} = ?`).join(', ')} WHERE ${ONE}`
  /**
   * Logged: both or, after a crash, both a moment later. It costs a write to the batch log, and
   * deletes are rare.
   */
  const DELETE = `BEGIN BATCH
    DELETE FROM ${table} USING TIMESTAMP ? WHERE ${ONE};
    DELETE FROM ${keyspace}.reactions USING TIMESTAMP ? WHERE message_id = ?;
  APPLY BATCH`
  const page = createPages(SELECT, buckets, now, fromRow)
  const senders = createPages(
    `SELECT message_id, author_id, nonce, dedupe FROM ${table}`,
    buckets,
    now,
    senderFrom,
  )
  const newest = createNewest(table, buckets, page)

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
    const [row] = await execute(`${SELECT} WHERE ${ONE}`, keyOf(channel, id))
    return row && fromRow(row)
  }

  const SOME = 'channel_id = ? AND bucket = ? AND message_id IN ?'
  const ALL_OF = `${SELECT} WHERE ${SOME}`
  /** A page of a hundred messages may be 24 MB; what is asked of reactions is not in them. */
  const MARKS = `SELECT message_id, author_id, reacted FROM ${table} WHERE ${SOME}`

  /** One statement for each bucket that they lie in: for the messages of a page, one or two. */
  async function rowsOf(
    execute: Execute,
    select: string,
    channel: ChannelId,
    ids: readonly MessageId[],
  ): Promise<Row[]> {
    const each = [...Map.groupBy(new Set(ids), buckets.of)]
    return (
      await Promise.all(
        each.map(([bucket, some]) => execute(select, [long(channel), bucket, some.map(long)])),
      )
    ).flat()
  }

  /** Into a bucket that is open. */
  const write = (execute: Execute, message: StoredMessage, dedupe?: string): Promise<unknown> =>
    execute(INSERT, [
      ...keyOf(message.channelId, message.id),
      ...insertValues(message, dedupe),
      message.writeTimeMicros,
    ])

  const insertOnce = (execute: Execute, message: StoredMessage, dedupe?: string) =>
    inTurn(message.id, async () => {
      const [row] = await execute(`${SELECT} WHERE ${ONE}`, keyOf(message.channelId, message.id))
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
      // Another try of this send may have been stored and deleted meanwhile. Its delete covers this
      // write, and nothing was sent.
      const lost = dedupe !== undefined && !(await find(execute, message.channelId, message.id))
      return { outcome: lost ? 'duplicate' : 'inserted', message } as const
    })

  async function removeOne(
    execute: Execute,
    channel: ChannelId,
    id: MessageId,
    writeTimeMicros: bigint,
  ): Promise<MessageId[]> {
    const [row] = await execute(
      `SELECT author_id, write_time, dedupe FROM ${table} WHERE ${ONE}`,
      keyOf(channel, id),
    )
    if (row?.author_id == null || (row.write_time as bigint) > writeTimeMicros) return []
    // Marked before the message goes: a crash in between must not let a retry bring it back.
    if (row.dedupe != null) await nonces.markGone(execute, text(row.dedupe), id)
    await execute(DELETE, [FOREVER, ...keyOf(channel, id), FOREVER, long(id)])
    return [id]
  }

  return {
    insert: (message, deadline, dedupe) =>
      database.run('messages.insert', deadline, async (execute) => {
        if (!dedupe) return await insertOnce(execute, message)
        const key = nonces.keyOf(dedupe)
        // In turn, since Paxos makes those who come together wait longer than that.
        const held = await inTurn(key, () => nonces.reserve(execute, key, message.id))
        const reserved = { ...message, id: held.id }
        // Sent and since deleted: the retry must not bring it back.
        if (held.gone)
          return {
            outcome: 'duplicate',
            message: (await find(execute, message.channelId, held.id)) ?? reserved,
          }
        // Reserved but perhaps never stored, if a process died in between: inserting under the
        // reserved id settles it either way.
        const inserted = await insertOnce(execute, reserved, key)
        // The next try must not be given the same id.
        if (inserted.outcome === 'taken') await nonces.release(execute, key, held.id)
        return inserted
      }),

    import: (batch, deadline) =>
      database.run('messages.import', deadline, async (execute) => {
        // One statement each: a batch over many partitions would make one node the coordinator of
        // all of them.
        for (let at = 0; at < batch.length; at += IMPORTED_TOGETHER) {
          const some = batch.slice(at, at + IMPORTED_TOGETHER)
          const into = Map.groupBy(some, ({ channelId, id }) => `${channelId}:${buckets.of(id)}`)
          await Promise.all(
            [...into.values()].map(
              ([one]) => one && buckets.open(execute, one.channelId, buckets.of(one.id)),
            ),
          )
          await Promise.all(some.map((message) => write(execute, message)))
        }
      }),

    get: (channel, ids, deadline) =>
      database.run('messages.get', deadline, async (execute) =>
        (await rowsOf(execute, ALL_OF, channel, ids)).flatMap((row) => fromRow(row) ?? []),
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
        inTurn(id, async () => {
          const before = await find(execute, channelId, id)
          if (!before) return 'absent'
          if (before.writeTimeMicros >= writeTimeMicros) return before
          await execute(UPDATE, [
            writeTimeMicros,
            writeTimeMicros,
            ...editValues(set),
            ...keyOf(channelId, id),
          ])
          // Deleted by another process in between? Its delete is later than this write, wherever
          // the two meet.
          return (await find(execute, channelId, id)) ?? 'absent'
        }),
      ),

    remove: (channel, ids, writeTimeMicros, deadline) =>
      database.run('messages.remove', deadline, async (execute) => {
        const each = [...new Set(ids)].map((id) =>
          inTurn(id, () => removeOne(execute, channel, id, writeTimeMicros)),
        )
        return (await Promise.all(each)).flat()
      }),

    ...cassandraReactions(database, {
      keyspace,
      table,
      keyOf,
      marksOf: (execute, ...of) => rowsOf(execute, MARKS, ...of),
    }),
    [Symbol.asyncDispose]: async () => {},
  }
}

import { CodedError, hasCode } from '@threshold/kit'
import {
  bytesOf,
  type ExistingMessage,
  equalRanges,
  type MessageKey,
  type MessageRow,
  type MigrationTarget,
  rangeCount,
  slices,
} from '@threshold/migration'
import { DELETE_WRITE_TIME } from '../adapters/message-store.cassandra.ts'
import { createBuckets } from '../cassandra/buckets.ts'
import { CONSISTENCY } from '../cassandra/consistency.ts'
import {
  type CassandraConfig,
  type CassandraDatabase,
  type CassandraRow,
  type Execute,
  storeError,
} from '../cassandra/database.ts'
import { createNonces } from '../cassandra/nonces.ts'
import { COLUMNS, EDITABLE, fromRow, insertValues, long, text } from '../cassandra/rows.ts'
import { hasMessages } from '../cassandra/schema.ts'
import { statements } from '../cassandra/statements.ts'
import { each } from './each.ts'
import { cassandraReactionReplica } from './replica-reactions.cassandra.ts'

/**
 * Rows in one statement, all of one partition. Few sizes mean few prepared statements. A batch
 * within a partition is one write to a node's log.
 */
const BATCH_ROWS = [32, 16, 8, 4, 2, 1] as const
/**
 * Cassandra refuses for good a mutation of more than half a segment of its commit log: 4 MiB as
 * this repository sets it, 16 MiB by default.
 */
const BATCH_BYTES = 256 * 1_024
/** Rows in one answer, which is in the node's memory and in this process's as a whole. */
const SELECTED_ROWS = 32

const EDITABLE_COLUMNS: ReadonlySet<string> = new Set(EDITABLE)
/** The ring of Cassandra's Murmur3 tokens. */
const TOKENS = { first: -(1n << 63n), last: (1n << 63n) - 1n } as const

/**
 * Cassandra as an end of a move. Each row is put at its own write time, so the order of arrival
 * means nothing: a backfill that brings an old row finds the newer cells in place, and a delete
 * that is later than all of them.
 */
export function cassandraReplica(
  database: CassandraDatabase,
  config: CassandraConfig,
): MigrationTarget {
  const { keyspace, bucketDays } = config
  const buckets = createBuckets(keyspace, bucketDays, Date.now)
  const nonces = createNonces(keyspace)
  const cql = statements(keyspace).messages

  const keyOf = ({ channelId, id }: MessageKey): unknown[] => [
    long(channelId),
    buckets.of(id),
    long(id),
  ]
  const byPartition = <T>(items: readonly T[], key: (item: T) => MessageKey): T[][] => [
    ...Map.groupBy(items, (item) => {
      const { channelId, id } = key(item)
      return `${channelId}:${buckets.of(id)}`
    }).values(),
  ]

  function valuesOf({ message, dedupe }: MessageRow, edited: boolean): unknown[] {
    const values = insertValues(message, dedupe).map((value, i) =>
      // A column that an edit emptied is written as a null at the edit's time. An absent cell would
      // let an older row's cell through.
      value === undefined && edited && EDITABLE_COLUMNS.has(COLUMNS[i]!) ? null : value,
    )
    return [...keyOf(message), ...values, message.writeTimeMicros]
  }

  async function put(execute: Execute, rows: readonly MessageRow[], edited: boolean) {
    const partitions = byPartition(rows, ({ message }) => message)
    await each(partitions, async ([row]) => {
      if (row) await buckets.open(execute, row.message.channelId, buckets.of(row.message.id))
    })
    await each(partitions.flatMap(batchesOf), (batch) => write(execute, batch, edited))
  }

  /** Halves a batch that a node finds too large, down to the one row that it refuses. */
  async function write(
    execute: Execute,
    batch: readonly MessageRow[],
    edited: boolean,
  ): Promise<void> {
    try {
      const values = batch.flatMap((row) => valuesOf(row, edited))
      await execute(cql.insertMany(batch.length), values)
    } catch (error) {
      if (!hasCode(error, 'TOO_LARGE')) throw error
      const [row] = batch
      if (row && batch.length === 1) throw refusedRow(row, error)
      const half = batch.length / 2
      await write(execute, batch.slice(0, half), edited)
      await write(execute, batch.slice(half), edited)
    }
  }

  async function select(
    execute: Execute,
    select: string,
    keys: readonly MessageKey[],
  ): Promise<CassandraRow[]> {
    const parts = byPartition(keys, (key) => key).flatMap((part) => slices(part, SELECTED_ROWS))
    const found: CassandraRow[] = []
    await each(parts, async (part) => {
      const [{ channelId, id }] = part as [MessageKey]
      const ids = [...new Set(part.map((key) => long(key.id)))]
      found.push(...(await execute(select, [long(channelId), buckets.of(id), ids])))
    })
    return found
  }

  return {
    remembersDeletes: true,
    refusalCode: 'CASSANDRA_REFUSED',
    rows: (keys, deadline) =>
      database.run('migration.rows', deadline, async (execute) =>
        (await select(execute, cql.some, keys)).flatMap((row) => messageRow(row) ?? []),
      ),
    existing: (keys, deadline) =>
      database.run('migration.existing', deadline, async (execute) =>
        (await select(execute, cql.existing, keys)).flatMap((row): ExistingMessage[] => {
          const dedupe = row.dedupe == null ? undefined : text(row.dedupe)
          return row.author_id == null ? [] : [{ ...keyFrom(row), dedupe }]
        }),
      ),
    put: (rows, deadline, { edited }) =>
      database.run('migration.put', deadline, (execute) => put(execute, rows, edited)),
    delete: (deleted, deadline) =>
      database.run('migration.delete', deadline, (execute) =>
        each(deleted, async (message) => {
          const { id, dedupe } = message
          if (dedupe !== undefined) await nonces.put(execute, { key: dedupe, id, deleted: true })
          const values = [DELETE_WRITE_TIME, ...keyOf(message), DELETE_WRITE_TIME, long(id)]
          await execute(cql.delete, values)
        }),
      ),
    nonce: (key, deadline) =>
      database.run('migration.nonce', deadline, (execute) => nonces.get(execute, key)),
    putNonces: (all, deadline) =>
      database.run('migration.nonces', deadline, (execute) =>
        each(all, (nonce) => nonces.put(execute, nonce)),
      ),
    ...cassandraReactionReplica(database, { keyspace, keyOf }),

    hasMessages: (deadline) => hasMessages(database, config, deadline),
    ranges: (about) => {
      const parts = rangeCount(about)
      const width = (TOKENS.last - TOKENS.first) / BigInt(parts)
      return equalRanges('target', parts, { from: TOKENS.first, width, last: TOKENS.last })
    },
    /** The cursor is Cassandra's page state, which holds for another process too. */
    async scanKeys({ from, to, cursor }, limit) {
      const options = {
        ...CONSISTENCY.quorum,
        prepare: true,
        fetchSize: limit,
        ...(cursor === null ? {} : { pageState: cursor }),
      }
      const page = await database.client
        .execute(cql.keysByToken, [BigInt(from), BigInt(to)], options)
        .catch((error: unknown) => {
          throw storeError('migration.verify', error)
        })
      const isGhost = (row: CassandraRow): boolean => row.author_id == null
      return {
        keys: page.rows.filter((row) => !isGhost(row)).map(keyFrom),
        ghosts: page.rows.filter(isGhost).map(keyFrom),
        cursor: page.pageState ?? null,
        done: page.pageState == null,
      }
    },
  }
}

function batchesOf(rows: readonly MessageRow[]): MessageRow[][] {
  const batches: MessageRow[][] = []
  for (let at = 0; at < rows.length; at += batches.at(-1)!.length) {
    let fitting = 1
    let bytes = bytesOf(rows[at]!)
    while (fitting < BATCH_ROWS[0] && at + fitting < rows.length) {
      bytes += bytesOf(rows[at + fitting]!)
      if (bytes > BATCH_BYTES) break
      fitting += 1
    }
    const size = BATCH_ROWS.find((most) => most <= fitting)!
    batches.push(rows.slice(at, at + size))
  }
  return batches
}

/** Names the row and its size, and never its content. */
function refusedRow(row: MessageRow, cause: CodedError): CodedError {
  const { channelId, id } = row.message
  const size = `about ${Math.ceil(bytesOf(row) / 1_024).toLocaleString('en')} KiB`
  return new CodedError(
    'ROW_REFUSED',
    `Cassandra will not take message ${id} of channel ${channelId}: its row, ${size}, is too large`,
    { cause, next: `shorten or delete that message, or ${cause.next}` },
  )
}

const keyFrom = (row: CassandraRow): MessageKey => ({
  channelId: text(row.channel_id),
  id: text(row.message_id),
})

/** Undefined: a row without a message, such as a reaction's mark that came before its message. */
function messageRow(row: CassandraRow): MessageRow | undefined {
  const message = fromRow(row)
  if (message === undefined) return undefined
  const dedupe = row.dedupe == null ? undefined : text(row.dedupe)
  return { message, dedupe, ...(row.reacted === true ? { reacted: true } : {}) }
}

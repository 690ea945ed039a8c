import type { Reaction } from '@threshold/domain'
import { CodedError, hasCode } from '@threshold/kit'
import { FOREVER } from '../adapters/message-store.cassandra.ts'
import { createBuckets } from '../cassandra/buckets.ts'
import { CONSISTENCY } from '../cassandra/consistency.ts'
import type {
  CassandraConfig,
  CassandraDatabase,
  Row as Columns,
  Execute,
} from '../cassandra/database.ts'
import { createNonces, SECONDS } from '../cassandra/nonces.ts'
import { COLUMNS, EDITABLE, fromRow, insertValues, long, text } from '../cassandra/rows.ts'
import {
  type Gone,
  type MessageKey,
  type Movable,
  messagesAfter,
  type Nonce,
  REACTIONS_PAGE,
  type Row,
} from './movable.ts'
import { bytesOf, slices } from './sizes.ts'

/**
 * Statements under way together for one call; what is beyond the database's own bound waits there.
 */
const TOGETHER = 256
/**
 * Rows of one partition in one statement, in one of few sizes, so that few statements are prepared.
 * A batch within a partition is a single write to one node's log; one over many partitions would
 * make one node the coordinator of all of them.
 */
const BATCHES = [32, 16, 8, 4, 2, 1] as const
/**
 * And no more than this in one statement. Cassandra refuses a mutation of more than half a segment
 * of its commit log for ever: 4 MiB as this repository sets it, 16 MiB by default.
 */
const BATCH_BYTES = 256 * 1_024
/**
 * Messages whose rows one statement asks for: the answer comes in one piece, and is in the node's
 * memory and in ours at once.
 */
const SELECTED_TOGETHER = 32
/** Messages whose reactions are read side by side, each by a page. */
const REACTED_TOGETHER = 16

const EDITABLE_COLUMNS: ReadonlySet<string> = new Set(EDITABLE)

/**
 * Cassandra as one end of a move. A row is put at its own write time, so that the order in which
 * rows arrive means nothing: a backfill that brings an old one finds the newer cells in place, and
 * a delete later than all of them.
 */
export function cassandraMovable(
  database: CassandraDatabase,
  { keyspace, bucketDays }: CassandraConfig,
): Movable {
  const buckets = createBuckets(keyspace, bucketDays, Date.now)
  const nonces = createNonces(keyspace)
  const messages = `${keyspace}.messages`
  const reactions = `${keyspace}.reactions`
  const ONE = 'channel_id = ? AND bucket = ? AND message_id = ?'
  const REACTION = 'message_id = ? AND emoji = ? AND user_id = ?'
  const OF = 'channel_id = ? AND bucket = ? AND message_id IN ?'
  const SELECT = `SELECT ${SELECTED} FROM ${messages} WHERE ${OF}`
  const EXISTING = `SELECT channel_id, message_id, author_id, dedupe FROM ${messages} WHERE ${OF}`
  const INSERT = `INSERT INTO ${messages} (channel_id, bucket, message_id, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP ?`
  const DELETE = `BEGIN BATCH
    DELETE FROM ${messages} USING TIMESTAMP ? WHERE ${ONE};
    DELETE FROM ${reactions} USING TIMESTAMP ? WHERE message_id = ?;
  APPLY BATCH`
  const FLAG = `UPDATE ${messages} USING TIMESTAMP ? SET reacted = true WHERE ${ONE}`
  const REACT = `INSERT INTO ${reactions} (message_id, emoji, user_id, v, write_time) VALUES (?, ?, ?, 1, ?) USING TIMESTAMP ?`
  const NONCE = `INSERT INTO ${keyspace}.nonces (key, message_id, gone) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ${SECONDS}`
  const OVER = `UPDATE ${keyspace}.nonces USING TTL ${SECONDS} SET message_id = ?, gone = ? WHERE key = ? IF message_id = ?`

  const placeOf = ({ channelId, id }: MessageKey): unknown[] => [
    long(channelId),
    buckets.of(id),
    long(id),
  ]
  const reactionOf = ({ messageId, emoji, userId }: Reaction): unknown[] => [
    long(messageId),
    emoji,
    long(userId),
  ]
  const keyOf = ({ channelId, messageId }: Reaction): MessageKey => ({ channelId, id: messageId })

  const statementOf = (rows: number): string =>
    rows === 1 ? INSERT : `BEGIN UNLOGGED BATCH ${`${INSERT}; `.repeat(rows)}APPLY BATCH`

  function valuesOf({ message, dedupe }: Row, edited: boolean): unknown[] {
    const values = insertValues(message, dedupe).map((value, i) =>
      // What an edit emptied is written as nothing at the edit's time: a cell that is merely absent
      // would let an older row's through.
      value === undefined && edited && EDITABLE_COLUMNS.has(COLUMNS[i]!) ? null : value,
    )
    return [...placeOf(message), ...values, message.writeTimeMicros]
  }

  async function put(execute: Execute, rows: readonly Row[], edited: boolean): Promise<void> {
    const partitions = [
      ...Map.groupBy(
        rows,
        ({ message }) => `${message.channelId}:${buckets.of(message.id)}`,
      ).values(),
    ]
    await each(partitions, async ([row]) => {
      if (row) await buckets.open(execute, row.message.channelId, buckets.of(row.message.id))
    })
    await each(partitions.flatMap(inBatches), (batch) => write(execute, batch, edited))
  }

  /**
   * A node may take less than `BATCH_BYTES`: a batch that is too large is halved, down to the one
   * row that is to be named.
   */
  async function write(execute: Execute, batch: readonly Row[], edited: boolean): Promise<void> {
    try {
      await execute(
        statementOf(batch.length),
        batch.flatMap((row) => valuesOf(row, edited)),
      )
    } catch (error) {
      if (!hasCode(error, 'TOO_LARGE')) throw error
      const [row] = batch
      if (row && batch.length === 1) throw refusedRow(row, error)
      const half = batch.length / 2
      await write(execute, batch.slice(0, half), edited)
      await write(execute, batch.slice(half), edited)
    }
  }

  /** Rows by message, whatever columns: of each partition some at once. */
  async function select(
    execute: Execute,
    cql: string,
    keys: readonly MessageKey[],
  ): Promise<Columns[]> {
    const partitions = [
      ...Map.groupBy(keys, ({ channelId, id }) => `${channelId}:${buckets.of(id)}`).values(),
    ]
    const parts = partitions.flatMap((part) => slices(part, SELECTED_TOGETHER))
    const found: Columns[] = []
    await each(parts, async (part) => {
      const [{ channelId, id }] = part as [MessageKey]
      const ids = [...new Set(part.map((key) => long(key.id)))]
      found.push(...(await execute(cql, [long(channelId), buckets.of(id), ids])))
    })
    return found
  }

  /** All of a message, up to a page, or those behind one of its own. */
  async function reactionsOf(
    execute: Execute,
    { channelId, id }: MessageKey,
    after?: Reaction,
  ): Promise<Reaction[]> {
    const behind = after === undefined ? [] : [after.emoji, long(after.userId)]
    const where = after === undefined ? '' : ' AND (emoji, user_id) > (?, ?)'
    const cql = `SELECT emoji, user_id, write_time FROM ${reactions} WHERE message_id = ?${where} LIMIT ?`
    const rows = await execute(cql, [long(id), ...behind, REACTIONS_PAGE])
    return rows.map((row) => ({
      ...{ v: 1, channelId, messageId: id },
      ...{
        emoji: text(row.emoji),
        userId: text(row.user_id),
        writeTimeMicros: row.write_time as bigint,
      },
    }))
  }

  async function putNonce(execute: Execute, { key, id, gone }: Nonce): Promise<void> {
    const [held] = await execute(NONCE, [key, long(id), gone], CONSISTENCY.serial)
    if (held?.['[applied]'] === true || held?.message_id == null) return
    if (text(held.message_id) !== id)
      await execute(OVER, [long(id), gone, key, held.message_id], CONSISTENCY.serial)
    else if (gone) await nonces.markGone(execute, key, id)
  }

  async function timeOf(execute: Execute, reaction: Reaction): Promise<bigint | undefined> {
    const [row] = await execute(
      `SELECT write_time FROM ${reactions} WHERE ${REACTION}`,
      reactionOf(reaction),
    )
    return row?.write_time as bigint | undefined
  }

  const each = async <T>(
    items: readonly T[],
    work: (item: T) => Promise<unknown>,
  ): Promise<void> => {
    for (let at = 0; at < items.length; at += TOGETHER)
      await Promise.all(items.slice(at, at + TOGETHER).map(work))
  }

  return {
    remembersDeletes: true,
    rows: (keys, deadline) =>
      database.run('migration.rows', deadline, async (execute) =>
        (await select(execute, SELECT, keys)).flatMap((row) => rowFrom(row) ?? []),
      ),
    existing: (keys, deadline) =>
      database.run('migration.existing', deadline, async (execute) =>
        (await select(execute, EXISTING, keys)).flatMap((row): Gone[] => {
          const dedupe = row.dedupe == null ? undefined : text(row.dedupe)
          return row.author_id == null
            ? []
            : [{ channelId: text(row.channel_id), id: text(row.message_id), dedupe }]
        }),
      ),
    put: (rows, deadline, { edited }) =>
      database.run('migration.put', deadline, (execute) => put(execute, rows, edited)),
    erase: (gone, deadline) =>
      database.run('migration.erase', deadline, (execute) =>
        each(gone, async (one: Gone) => {
          if (one.dedupe !== undefined)
            await putNonce(execute, { key: one.dedupe, id: one.id, gone: true })
          await execute(DELETE, [FOREVER, ...placeOf(one), FOREVER, long(one.id)])
        }),
      ),
    nonce: (key, deadline) =>
      database.run('migration.nonce', deadline, async (execute) => {
        const [held] = await execute(
          `SELECT message_id, gone FROM ${keyspace}.nonces WHERE key = ?`,
          [key],
        )
        return held?.message_id == null
          ? undefined
          : { key, id: text(held.message_id), gone: held.gone === true }
      }),
    putNonces: (all, deadline) =>
      database.run('migration.nonces', deadline, (execute) =>
        each(all, (one) => putNonce(execute, one)),
      ),
    reaction: (reaction, deadline) =>
      database.run('migration.reaction', deadline, async (execute) => {
        const writeTimeMicros = await timeOf(execute, reaction)
        return writeTimeMicros === undefined ? undefined : { ...reaction, writeTimeMicros }
      }),
    reactionsOn: (keys, deadline, after) =>
      database.run('migration.reactions', deadline, async (execute) => {
        const { part, whole } = messagesAfter(keys, after)
        const found: Reaction[] = []
        for (const key of part) found.push(...(await reactionsOf(execute, key, after)))
        for (const some of slices(whole, REACTED_TOGETHER)) {
          if (found.length >= REACTIONS_PAGE) break
          found.push(...(await Promise.all(some.map((key) => reactionsOf(execute, key)))).flat())
        }
        return found.slice(0, REACTIONS_PAGE)
      }),
    putReactions: (all, deadline) =>
      database.run('migration.react', deadline, (execute) =>
        each(all, async (reaction) => {
          // First, or a crash in between would leave a reaction that no page asks for. Its message
          // may come later.
          await execute(FLAG, [reaction.writeTimeMicros, ...placeOf(keyOf(reaction))])
          await execute(REACT, [
            ...reactionOf(reaction),
            reaction.writeTimeMicros,
            reaction.writeTimeMicros,
          ])
        }),
      ),
    reactionsErasedAt: (key, deadline) =>
      database.run('migration.reacted', deadline, async (execute) => {
        const [row] = await execute(
          `SELECT WRITETIME(reacted) AS reacted_at FROM ${messages} WHERE ${ONE}`,
          placeOf(key),
        )
        return (row?.reacted_at as bigint | null | undefined) ?? undefined
      }),
    eraseReactions: (all, deadline) =>
      database.run('migration.unreact', deadline, (execute) =>
        each(all, async (reaction) => {
          // First: a tombstone cannot be read, and whoever reacts again must be later than it.
          await execute(FLAG, [reaction.writeTimeMicros, ...placeOf(keyOf(reaction))])
          await execute(`DELETE FROM ${reactions} USING TIMESTAMP ? WHERE ${REACTION}`, [
            reaction.writeTimeMicros,
            ...reactionOf(reaction),
          ])
        }),
      ),
  }
}

function inBatches(rows: readonly Row[]): Row[][] {
  const batches: Row[][] = []
  for (let at = 0; at < rows.length; at += batches.at(-1)!.length) {
    let fit = 1
    let bytes = bytesOf(rows[at]!)
    while (fit < BATCHES[0] && at + fit < rows.length) {
      bytes += bytesOf(rows[at + fit]!)
      if (bytes > BATCH_BYTES) break
      fit += 1
    }
    const size = BATCHES.find((most) => most <= fit)!
    batches.push(rows.slice(at, at + size))
  }
  return batches
}

/** Where the row is and how large it is, and never what is in it. */
function refusedRow(row: Row, cause: CodedError): CodedError {
  const { channelId, id } = row.message
  const size = `about ${Math.ceil(bytesOf(row) / 1_024).toLocaleString('en')} KiB`
  return new CodedError(
    'ROW_REFUSED',
    `Cassandra will not take message ${id} of channel ${channelId}: its row, ${size}, is too large`,
    {
      cause,
      next: `shorten or delete that message, or ${cause.next}`,
    },
  )
}

const SELECTED = `channel_id, message_id, reacted, ${COLUMNS.join(', ')}`

/**
 * Undefined: columns without a message, such as a reaction's mark that was here before its message.
 */
function rowFrom(columns: Columns): Row | undefined {
  const message = fromRow(columns)
  if (message === undefined) return undefined
  const dedupe = columns.dedupe == null ? undefined : text(columns.dedupe)
  return { message, dedupe, ...(columns.reacted === true ? { reacted: true } : {}) }
}

import { type ChannelId, firstIdAt, type MessageId } from '@threshold/contract'
import { bucketOf } from '@threshold/domain'
import { LRUCache } from 'lru-cache'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'
import { statements } from './statements.ts'

/** The largest value of Cassandra's int. */
const LAST_BUCKET = 2_147_483_647
/** The most buckets that this process remembers as open. */
const MAX_OPEN_BUCKETS = 50_000

/**
 * A bucket counts as over this long after its end. A send reaches the store within seconds, so a
 * later write opens the bucket again first.
 */
const OVER_AFTER_MS = 600_000
/**
 * The most time between the opening of a bucket and the write for which it was opened: the deadline
 * of the write, five seconds for a request and ten for a backfill, and a margin for clocks that
 * differ.
 */
const WRITE_AFTER_OPEN_MS = 20_000

/**
 * Knows which buckets of a channel hold messages. A page of a channel that was silent for three
 * years therefore reads a handful of partitions instead of a hundred and ten. A bucket is recorded
 * before its first message is written, so a recorded bucket may be empty, but no message is missed.
 * A channel of ten years has 370 buckets, which is one small read.
 *
 * The page that finds a bucket empty marks it. Otherwise every page would read its tombstones again
 * (lab 2.4). The mark is a boolean whose write time is that of the read that found nothing, so a
 * process that opens the bucket meanwhile, or later, wins.
 */
export interface Buckets {
  of(id: MessageId): number
  /** Must precede the writes of messages into it. */
  open(execute: Execute, channel: ChannelId, bucket: number): Promise<void>
  /** The buckets not known to be empty, both ends included, newest first. */
  list(
    execute: Execute,
    channel: ChannelId,
    range: { from?: number; to?: number },
  ): Promise<number[]>
  /** The newest bucket of each channel, whether it is known to be empty or not. */
  newest(execute: Execute, channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, number>>
  /**
   * A read that began at `sinceMs` found nothing in all of it. Ignored until the bucket is over.
   */
  markEmpty(execute: Execute, channel: ChannelId, bucket: number, sinceMs: number): Promise<void>
}

export function createBuckets(keyspace: string, days: number, now: () => number): Buckets {
  const cql = statements(keyspace).buckets
  const opened = new LRUCache<string, true>({ max: MAX_OPEN_BUCKETS })
  const isOver = (bucket: number): boolean =>
    bucketOf(firstIdAt(now() - OVER_AFTER_MS), days) > bucket
  const micros = (ms: number): bigint => BigInt(ms) * 1_000n

  return {
    of: (id) => bucketOf(id, days),
    async open(execute, channel, bucket) {
      const key = `${channel}:${bucket}`
      // Any process may have marked a bucket that is over, so it is opened each time.
      const over = isOver(bucket)
      if (opened.has(key) && !over) return
      // The write time must be later than that of a mark, even if the clock of the process that
      // wrote the mark was ahead. Otherwise the bucket would stay marked, and no page would read
      // it.
      const [row] = await execute(cql.mark, [long(channel), bucket])
      const markedAt = row?.emptied === true ? (row.at as bigint) : 0n
      const at = micros(now())
      await execute(cql.write, [long(channel), bucket, false, at > markedAt ? at : markedAt + 1n])
      if (!over) opened.set(key, true)
    },
    async list(execute, channel, { from = 0, to = LAST_BUCKET }) {
      const rows = await execute(cql.list, [long(channel), from, to])
      return rows.flatMap((row) => (row.emptied === true ? [] : Number(row.bucket)))
    },
    async newest(execute, channels) {
      const rows = await execute(cql.newest, [channels.map(long)])
      return new Map(rows.map((row) => [text(row.channel_id), Number(row.bucket)]))
    },
    async markEmpty(execute, channel, bucket, sinceMs) {
      if (!isOver(bucket)) return
      const at = micros(sinceMs - WRITE_AFTER_OPEN_MS)
      await execute(cql.write, [long(channel), bucket, true, at])
    },
  }
}

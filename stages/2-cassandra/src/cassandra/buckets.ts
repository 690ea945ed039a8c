import { type ChannelId, firstIdAt, type MessageId } from '@threshold/contract'
import { bucketOf } from '@threshold/domain'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'

/** The largest that Cassandra's int holds. */
const LAST = 2_147_483_647
/** Channels and buckets remembered as written down before the oldest make room. */
const REMEMBERED = 50_000

/**
 * After a bucket's end nothing is written into it but what opens it anew: a send takes seconds and
 * not minutes to arrive.
 */
const OVER_AFTER_MS = 600_000
/**
 * A write follows its bucket's opening within its deadline: five seconds for a request, ten for a
 * backfill. The rest is for clocks that differ.
 */
const FOLLOWS_WITHIN_MS = 20_000

/**
 * Which buckets of a channel hold messages, so that a page of a channel that slept for three years
 * asks a handful of partitions and not a hundred and ten. A bucket is written down before the first
 * message in it: it may turn out to be empty, and none is missed. A channel of ten years has 370 of
 * them: one small read.
 *
 * A bucket that was emptied is marked by the page that found it so, or each page would step over
 * its tombstones again (lab
 * 2.4). A mark is as old as the read that found nothing, and a bit: whoever opens the bucket
 * meanwhile, or later, wins.
 */
export interface Buckets {
  of(id: MessageId): number
  /** Before messages are written into it. */
  open(execute: Execute, channel: ChannelId, bucket: number): Promise<void>
  /** Those that are written down and not known to be empty, both ends included, newest first. */
  list(
    execute: Execute,
    channel: ChannelId,
    range: { from?: number; to?: number },
  ): Promise<number[]>
  /**
   * The newest that is written down of each of these channels, whether it is known to be empty or
   * not.
   */
  newest(execute: Execute, channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, number>>
  /**
   * Nothing was found in all of it by a read that began then. While it is the present bucket, that
   * means nothing.
   */
  foundEmpty(execute: Execute, channel: ChannelId, bucket: number, sinceMs: number): Promise<void>
}

export function createBuckets(keyspace: string, days: number, now: () => number): Buckets {
  const known = new Set<string>()
  const WRITE = `INSERT INTO ${keyspace}.channel_buckets (channel_id, bucket, emptied) VALUES (?, ?, ?) USING TIMESTAMP ?`
  const MARK = `SELECT emptied, WRITETIME(emptied) AS at FROM ${keyspace}.channel_buckets WHERE channel_id = ? AND bucket = ?`
  const isOver = (bucket: number): boolean =>
    bucketOf(firstIdAt(now() - OVER_AFTER_MS), days) > bucket
  const micros = (ms: number): bigint => BigInt(ms) * 1_000n

  function remember(key: string): void {
    const [oldest] = known
    if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest)
    known.add(key)
  }

  return {
    of: (id) => bucketOf(id, days),
    async open(execute, channel, bucket) {
      const key = `${channel}:${bucket}`
      // One that is over may have been marked since, by any process: it is opened each time.
      const over = isOver(bucket)
      if (known.has(key) && !over) return
      // Later than its mark, also where that was made while a clock was ahead: nothing in a bucket
      // that stays marked is read.
      const [held] = await execute(MARK, [long(channel), bucket])
      const marked = held?.emptied === true ? (held.at as bigint) : 0n
      const at = micros(now())
      await execute(WRITE, [long(channel), bucket, false, at > marked ? at : marked + 1n])
      if (!over) remember(key)
    },
    async list(execute, channel, { from = 0, to = LAST }) {
      const select = `SELECT bucket, emptied FROM ${keyspace}.channel_buckets WHERE channel_id = ? AND bucket >= ? AND bucket <= ?`
      return (await execute(select, [long(channel), from, to])).flatMap((row) =>
        row.emptied === true ? [] : Number(row.bucket),
      )
    },
    async newest(execute, channels) {
      const select = `SELECT channel_id, bucket FROM ${keyspace}.channel_buckets WHERE channel_id IN ? PER PARTITION LIMIT 1`
      const rows = await execute(select, [channels.map(long)])
      return new Map(rows.map((row) => [text(row.channel_id), Number(row.bucket)]))
    },
    async foundEmpty(execute, channel, bucket, sinceMs) {
      if (isOver(bucket))
        await execute(WRITE, [long(channel), bucket, true, micros(sinceMs - FOLLOWS_WITHIN_MS)])
    },
  }
}

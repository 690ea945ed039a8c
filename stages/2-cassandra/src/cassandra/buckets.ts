import type { ChannelId, MessageId } from '@threshold/contract'
import { bucketOf } from '@threshold/domain'
import type { Execute } from './database.ts'
import { long } from './rows.ts'

/** The largest that Cassandra's int holds. */
const LAST = 2_147_483_647
/** Channels and buckets remembered as written down before the oldest make room. */
const REMEMBERED = 50_000

/**
 * Which buckets of a channel hold messages, so that a page of a channel that slept for three years asks a handful of
 * partitions and not a hundred and ten. A bucket is written down before the first message in it: it may turn out to be
 * empty, and none is missed. A channel of ten years has 370 of them: one small read.
 */
export interface Buckets {
  of(id: MessageId): number
  /** Before a message is written into it. */
  open(execute: Execute, channel: ChannelId, bucket: number): Promise<void>
  /** Those that are written down, both ends included, newest first. */
  list(execute: Execute, channel: ChannelId, range: { from?: number; to?: number }): Promise<number[]>
}

export function createBuckets(keyspace: string, days: number): Buckets {
  const known = new Set<string>()
  return {
    of: (id) => bucketOf(id, days),
    async open(execute, channel, bucket) {
      const key = `${channel}:${bucket}`
      if (known.has(key)) return
      // Its write time does not matter: nothing ever deletes a bucket's entry.
      await execute(`INSERT INTO ${keyspace}.channel_buckets (channel_id, bucket) VALUES (?, ?)`, [long(channel), bucket])
      const [oldest] = known
      if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest)
      known.add(key)
    },
    async list(execute, channel, { from = 0, to = LAST }) {
      const select = `SELECT bucket FROM ${keyspace}.channel_buckets WHERE channel_id = ? AND bucket >= ? AND bucket <= ?`
      return (await execute(select, [long(channel), from, to])).map((row) => Number(row.bucket))
    },
  }
}

import type { ChannelId, MessageId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { Anchor } from '@threshold/ports'
import type { Buckets } from './buckets.ts'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'

/** Channels in one statement. Each is a partition, and the coordinator asks for all of them. */
const TOGETHER = 50

type Page = (execute: Execute, channel: ChannelId, anchor: Anchor, limit: number) => Promise<StoredMessage[]>

/**
 * The newest message of each of many channels, by a statement for their newest buckets and one for the first row of each.
 * Most channels end in the same bucket or two. A channel whose newest bucket holds no message is walked like a page.
 */
export function createNewest(table: string, buckets: Buckets, page: Page) {
  const first = `SELECT channel_id, message_id, author_id FROM ${table} WHERE channel_id IN ? AND bucket = ? PER PARTITION LIMIT 1`

  return async (execute: Execute, channels: readonly ChannelId[]): Promise<Map<ChannelId, MessageId>> => {
    const found = new Map<ChannelId, MessageId>()
    const wanted = [...new Set(channels)]
    for (let at = 0; at < wanted.length; at += TOGETHER) {
      const newestBuckets = await buckets.newest(execute, wanted.slice(at, at + TOGETHER))
      const each = [...Map.groupBy(newestBuckets, ([, bucket]) => bucket)]
      const rows = await Promise.all(each.map(([bucket, some]) => execute(first, [some.map(([channel]) => long(channel)), bucket])))
      for (const row of rows.flat()) if (row.author_id != null) found.set(text(row.channel_id), text(row.message_id))
      for (const channel of newestBuckets.keys()) {
        if (found.has(channel)) continue
        const [message] = await page(execute, channel, { at: 'latest' }, 1)
        if (message) found.set(channel, message.id)
      }
    }
    return found
  }
}

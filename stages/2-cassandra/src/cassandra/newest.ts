import type { ChannelId, MessageId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { hasCode } from '@threshold/kit'
import type { Anchor } from '@threshold/ports'
import type { Buckets } from './buckets.ts'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'

/** Channels in one statement. Each is a partition, and the coordinator reads all of them. */
const CHANNELS_AT_ONCE = 50

type Newest = Map<ChannelId, MessageId>
type Page = (
  execute: Execute,
  channel: ChannelId,
  anchor: Anchor,
  limit: number,
) => Promise<StoredMessage[]>

/**
 * Finds the newest message of each of many channels by one statement for their newest buckets and
 * one for the first rows in each bucket. Most channels end in the same bucket or two. A channel
 * whose newest bucket holds no message is read like a page.
 *
 * One partition that cannot be read, because its replicas are down or it holds too many tombstones,
 * fails the statement for all channels. Then each channel is read by itself, and those that fail
 * are left out.
 */
export function createNewest(firstRows: string, buckets: Buckets, page: Page) {
  async function byBucket(execute: Execute, channels: readonly ChannelId[]): Promise<Newest> {
    const found = new Map<ChannelId, MessageId>()
    const newestBuckets = await buckets.newest(execute, channels)
    const groups = [...Map.groupBy(newestBuckets, ([, bucket]) => bucket)]
    const rows = await Promise.all(
      groups.map(([bucket, some]) => {
        const ids = some.map(([channel]) => long(channel))
        return execute(firstRows, [ids, bucket])
      }),
    )
    for (const row of rows.flat())
      if (row.author_id != null) found.set(text(row.channel_id), text(row.message_id))
    for (const channel of newestBuckets.keys()) {
      if (found.has(channel)) continue
      const [message] = await page(execute, channel, { at: 'latest' }, 1)
      if (message) found.set(channel, message.id)
    }
    return found
  }

  /** Rejects where no channel could be read. */
  async function byChannel(execute: Execute, channels: readonly ChannelId[]): Promise<Newest> {
    const answers = await Promise.allSettled(
      channels.map(
        async (channel) => [channel, await page(execute, channel, { at: 'latest' }, 1)] as const,
      ),
    )
    const read = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    if (read.length === 0) throw answers.find((answer) => answer.status === 'rejected')?.reason
    return new Map(
      read.flatMap(([channel, messages]) => messages.map(({ id }) => [channel, id] as const)),
    )
  }

  return async (execute: Execute, channels: readonly ChannelId[]): Promise<Newest> => {
    const found = new Map<ChannelId, MessageId>()
    const wanted = [...new Set(channels)]
    for (let at = 0; at < wanted.length; at += CHANNELS_AT_ONCE) {
      const some = wanted.slice(at, at + CHANNELS_AT_ONCE)
      const newest = await byBucket(execute, some).catch((error: unknown) => {
        if (!hasCode(error, 'UNAVAILABLE', 'CASSANDRA_REFUSED')) throw error
        return byChannel(execute, some)
      })
      for (const [channel, id] of newest) found.set(channel, id)
    }
    return found
  }
}

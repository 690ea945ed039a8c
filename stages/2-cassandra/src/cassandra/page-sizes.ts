import type { ChannelId } from '@threshold/contract'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { CassandraRow } from './database.ts'
import { keyedMutex } from './keyed-mutex.ts'

/**
 * The node and this process hold an answer in memory as a whole, and Cassandra's protocol limits
 * answers by rows alone.
 */
const MAX_ANSWER_BYTES = 2 * 1_024 * 1_024
/** The largest message of the contract. A channel that was never read may be full of them. */
const MAX_ROW_BYTES = 256 * 1_024
/** Pages of this many rows are small in any channel. */
const SMALL_PAGE_ROWS = MAX_ANSWER_BYTES / MAX_ROW_BYTES
/** Rows of a channel of unknown weight in one answer: a page of the usual size. */
const FIRST_PAGE_ROWS = 50
/** Heavy pages under way. Read all side by side, none would be done within a request's time. */
const MAX_HEAVY_PAGES = 4
/** The most channels whose weight is remembered. */
const MAX_CHANNELS = 50_000

/**
 * Decides how many rows one statement may read of a channel, by the weight of the rows that it
 * answered last. Most channels are light, and a page of them is one statement. Twenty pages at once
 * of a hundred messages of 240 kB took more than a small node's heap.
 *
 * A channel's weight is unknown before its first page. When readers come together, the first one
 * finds it out and the others wait.
 */
export function createPageSizes() {
  const rowBytes = new LRUCache<ChannelId, number>({ max: MAX_CHANNELS })
  const withLock = keyedMutex()
  const heavy = pLimit(MAX_HEAVY_PAGES)

  const remember = (channel: ChannelId, bytes: number): void =>
    void rowBytes.set(channel, Math.max(1, bytes))

  return {
    rowsAtOnce(channel: ChannelId, wanted: number): number {
      const bytes = rowBytes.get(channel)
      const most = bytes === undefined ? FIRST_PAGE_ROWS : Math.floor(MAX_ANSWER_BYTES / bytes)
      return Math.max(1, Math.min(wanted, most))
    },
    /** Remembers the average size of an answer's rows. */
    learn(channel: ChannelId, rows: readonly CassandraRow[]): void {
      if (rows.length === 0) return
      const bytes = rows.reduce(
        (sum, { content, embeds }) => sum + lengthOf(content) + lengthOf(embeds),
        0,
      )
      remember(channel, bytes / rows.length)
    },
    async read<T>(channel: ChannelId, limit: number, page: () => Promise<T>): Promise<T> {
      const known = (): boolean => limit <= SMALL_PAGE_ROWS || rowBytes.has(channel)
      const findOut = async (): Promise<{ readonly page: T } | undefined> => {
        if (known()) return undefined
        const found = { page: await page() }
        // The channel is empty: its readers need not wait for each other.
        if (!known()) remember(channel, 0)
        return found
      }
      const first = known() ? undefined : await withLock(channel, findOut)
      if (first !== undefined) return first.page
      const bytes = limit * (rowBytes.get(channel) ?? 0)
      return await (bytes > MAX_ANSWER_BYTES ? heavy(page) : page())
    },
  }
}

const lengthOf = (text: unknown): number => (typeof text === 'string' ? text.length : 0)

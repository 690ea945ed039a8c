import type { ChannelId } from '@threshold/contract'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { CassandraRow } from './database.ts'
import { keyedMutex } from './keyed-mutex.ts'

/**
 * The node and this process hold a whole answer in memory, and Cassandra's protocol limits only the
 * number of its rows.
 */
const MAX_ANSWER_BYTES = 2 * 1_024 * 1_024
/** The largest message that the contract allows. */
const MAX_ROW_BYTES = 256 * 1_024
/** A page of this many rows fits into an answer, even if all its messages are the largest. */
const SMALL_PAGE_ROWS = MAX_ANSWER_BYTES / MAX_ROW_BYTES
/** Rows in the first answer of a channel whose row size is unknown: a page of the usual size. */
const FIRST_PAGE_ROWS = 50
/**
 * The most pages under way that take more than one answer. If all were read at once, none would be
 * complete before the deadline of its request.
 */
const MAX_HEAVY_PAGES = 4
/** The most channels whose row size is remembered. */
const MAX_CHANNELS = 50_000

/**
 * Decides how many rows of a channel one statement may read, by the average size of the rows in the
 * channel's last answer. Most channels have small rows, and a page is one statement. Twenty
 * concurrent pages of a hundred messages of 240 kB took more than the heap of a small node.
 *
 * The row size of a channel is unknown before its first page. If several requests read the channel
 * then, the first one finds the size out and the others wait for it.
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
    /**
     * Remembers the average size of an answer's rows. Counts the characters of content and embeds,
     * which are nearly all of a large row.
     */
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

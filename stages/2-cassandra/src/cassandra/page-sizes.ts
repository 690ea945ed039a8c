import type { ChannelId } from '@threshold/contract'
import pLimit from 'p-limit'
import type { Row } from './database.ts'
import { turns } from './turns.ts'

/**
 * A node and this process hold an answer in memory as a whole, and Cassandra's protocol limits
 * answers by rows alone.
 */
const ANSWER_BYTES = 2 * 1_024 * 1_024
/** The contract's largest message, which a channel that was never read may be full of. */
const LARGEST_ROW = 256 * 1_024
/** Pages up to this size are harmless in any channel. */
const HARMLESS = ANSWER_BYTES / LARGEST_ROW
/** Rows of a channel whose weight is not known, at once: a page of the usual size. */
const UNKNOWN_AT_ONCE = 50
/**
 * Heavy pages under way. Were all read side by side, none would be done within a request's time.
 */
const HEAVY_AT_ONCE = 4
/** Channels remembered before the oldest make room. */
const REMEMBERED = 50_000

/**
 * How many rows one statement may ask of a channel, by the weight of those that it answered last.
 * Most channels are light, and a page of them is one statement. Twenty pages at once of a hundred
 * messages of 240 kB took more than a small node's heap.
 *
 * The weight of a channel is not known before its first page. Readers who come together then let
 * the first one find out.
 */
export function createPageSizes() {
  const rowBytes = new Map<ChannelId, number>()
  const inTurn = turns()
  const heavy = pLimit(HEAVY_AT_ONCE)

  function remember(channel: ChannelId, bytes: number): void {
    rowBytes.delete(channel)
    const [oldest] = rowBytes.keys()
    if (rowBytes.size >= REMEMBERED && oldest !== undefined) rowBytes.delete(oldest)
    rowBytes.set(channel, Math.max(1, bytes))
  }

  return {
    rowsAtOnce(channel: ChannelId, wanted: number): number {
      const bytes = rowBytes.get(channel)
      return Math.max(
        1,
        Math.min(wanted, bytes === undefined ? UNKNOWN_AT_ONCE : Math.floor(ANSWER_BYTES / bytes)),
      )
    },
    /** Remembers the average size of an answer's rows. */
    learn(channel: ChannelId, rows: readonly Row[]): void {
      if (rows.length === 0) return
      const bytes = rows.reduce(
        (sum, { content, embeds }) => sum + lengthOf(content) + lengthOf(embeds),
        0,
      )
      remember(channel, bytes / rows.length)
    },
    async read<T>(channel: ChannelId, limit: number, page: () => Promise<T>): Promise<T> {
      const known = (): boolean => limit <= HARMLESS || rowBytes.has(channel)
      const find = async (): Promise<{ readonly page: T } | undefined> => {
        if (known()) return undefined
        const found = { page: await page() }
        // Nothing lies there yet: its readers need not wait for each other.
        if (!known()) remember(channel, 0)
        return found
      }
      const first = known() ? undefined : await inTurn(channel, find)
      if (first !== undefined) return first.page
      const bytes = limit * (rowBytes.get(channel) ?? 0)
      return await (bytes > ANSWER_BYTES ? heavy(page) : page())
    },
  }
}

const lengthOf = (text: unknown): number => (typeof text === 'string' ? text.length : 0)

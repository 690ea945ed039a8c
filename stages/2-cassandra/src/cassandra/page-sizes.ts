import type { ChannelId } from '@threshold/contract'
import type { Row } from './database.ts'
import { turns } from './turns.ts'

/** Of rows in one answer, which is in a node's memory and in ours as a whole: Cassandra's protocol cuts answers by rows alone. */
const ANSWER_BYTES = 2 * 1_024 * 1_024
/** The contract's largest message, which a channel that was never read may be full of. */
const LARGEST_ROW = 256 * 1_024
/** Pages up to this size are harmless in any channel. */
const HARMLESS = ANSWER_BYTES / LARGEST_ROW
/** Channels remembered before the oldest make room. */
const REMEMBERED = 50_000

/**
 * How many rows one statement may ask of a channel, by the weight of those that it answered last. Most channels are light, and
 * a page of them is one statement. Twenty pages at once of a hundred messages of 240 kB took more than a small node's heap.
 *
 * The weight of a channel is not known before its first page. Readers who come together then let the first one find out.
 */
export function createPageSizes() {
  const rowBytes = new Map<ChannelId, number>()
  const inTurn = turns()

  return {
    rowsAtOnce(channel: ChannelId, wanted: number): number {
      return Math.max(1, Math.min(wanted, Math.floor(ANSWER_BYTES / (rowBytes.get(channel) ?? 1))))
    },
    /** What one answer weighed. */
    learn(channel: ChannelId, rows: readonly Row[]): void {
      if (rows.length === 0) return
      const bytes = rows.reduce((sum, { content, embeds }) => sum + lengthOf(content) + lengthOf(embeds), 0)
      rowBytes.delete(channel)
      const [oldest] = rowBytes.keys()
      if (rowBytes.size >= REMEMBERED && oldest !== undefined) rowBytes.delete(oldest)
      rowBytes.set(channel, Math.max(1, bytes / rows.length))
    },
    async read<T>(channel: ChannelId, limit: number, page: () => Promise<T>): Promise<T> {
      const harmless = (): boolean => limit <= HARMLESS || rowBytes.has(channel)
      if (harmless()) return await page()
      const first = await inTurn(channel, async () => (harmless() ? undefined : { page: await page() }))
      return first === undefined ? await page() : first.page
    },
  }
}

const lengthOf = (text: unknown): number => (typeof text === 'string' ? text.length : 0)

import type { ChannelId, MessageId } from '@threshold/contract'
import type { Anchor } from '@threshold/ports'
import type { Buckets } from './buckets.ts'
import type { CassandraRow, Execute } from './database.ts'
import { createPageSizes } from './page-sizes.ts'
import { long, text } from './rows.ts'
import type { PageBound } from './statements.ts'

/** The message id at which a range begins, as a condition of CQL; undefined for no bound. */
type Edge = { readonly comparison: '<' | '<=' | '>'; readonly id: MessageId } | undefined

/**
 * Reads pages of a channel. A page starts at its anchor and reads bucket by bucket until it is
 * full. In a busy channel that is one partition. Buckets are read one after the other, since most
 * pages need only one. A channel with one message a month takes one round trip for each bucket.
 */
export function createPages<T>(
  statement: (bound: PageBound) => string,
  buckets: Buckets,
  now: () => number,
  read: (row: CassandraRow) => T | undefined,
) {
  const sizes = createPageSizes()

  async function range(
    execute: Execute,
    channel: ChannelId,
    edge: Edge,
    limit: number,
  ): Promise<T[]> {
    if (limit <= 0) return []
    const newestFirst = edge?.comparison !== '>'
    const select = async (bucket: number, from: Edge, most: number) => {
      const cql = statement({ comparison: from?.comparison, newestFirst })
      const bound = from === undefined ? [] : [long(from.id)]
      return await execute(cql, [long(channel), bucket, ...bound, most])
    }
    const walk = await buckets.list(
      execute,
      channel,
      edge === undefined ? {} : { [newestFirst ? 'to' : 'from']: buckets.of(edge.id) },
    )
    const found: T[] = []
    for (const bucket of newestFirst ? walk : walk.toReversed()) {
      const since = now()
      let from = edge
      let rowsRead = 0
      // Some rows hold no message: a ghost, or a reaction's mark that came before its message. So a
      // full answer may leave the page short, and the bucket goes on behind it.
      for (let full = true; full && found.length < limit; ) {
        const most = sizes.rowsAtOnce(channel, limit - found.length)
        const rows = await select(bucket, from, most)
        sizes.learn(channel, rows)
        found.push(...rows.flatMap((row) => read(row) ?? []))
        rowsRead += rows.length
        full = rows.length === most
        from = full
          ? { comparison: newestFirst ? '<' : '>', id: text(rows.at(-1)!.message_id) }
          : from
      }
      if (found.length >= limit) break
      // Only a part of the anchor's own bucket was read.
      const whole = edge === undefined || bucket !== buckets.of(edge.id)
      // The page does not wait for the mark and does not need it: the next page finds the same.
      if (whole && rowsRead === 0)
        void buckets.markEmpty(execute, channel, bucket, since).catch(() => {})
    }
    return newestFirst ? found : found.reverse()
  }

  async function page(
    execute: Execute,
    channel: ChannelId,
    anchor: Anchor,
    limit: number,
  ): Promise<T[]> {
    switch (anchor.at) {
      case 'latest':
        return await range(execute, channel, undefined, limit)
      case 'before':
        return await range(execute, channel, { comparison: '<', id: anchor.id }, limit)
      case 'after':
        return await range(execute, channel, { comparison: '>', id: anchor.id }, limit)
      case 'around': {
        // Half of the page after the message, then the message itself where it exists, then the
        // messages before it, as Discord splits it.
        const { id } = anchor
        const half = Math.floor(limit / 2)
        const newer = await range(execute, channel, { comparison: '>', id }, half)
        const older = await range(execute, channel, { comparison: '<=', id }, limit - newer.length)
        return [...newer, ...older]
      }
    }
  }

  return async (
    execute: Execute,
    channel: ChannelId,
    anchor: Anchor,
    limit: number,
  ): Promise<T[]> => await sizes.read(channel, limit, () => page(execute, channel, anchor, limit))
}

import type { ChannelId, MessageId } from '@threshold/contract'
import type { Anchor } from '@threshold/ports'
import type { Buckets } from './buckets.ts'
import type { Execute, Row } from './database.ts'
import { createPageSizes } from './page-sizes.ts'
import { long, text } from './rows.ts'

/** Where a range of ids ends on the side from which it is read. */
type Edge = { readonly than: '<' | '<=' | '>'; readonly id: MessageId } | undefined

/**
 * A page walks from its anchor away, bucket by bucket, and stops when it is full: in a lively
 * channel that is one partition. One after the other, since most pages need no second; a channel
 * with a message a month pays with a round trip for each.
 */
export function createPages<T>(
  select: string,
  buckets: Buckets,
  now: () => number,
  read: (row: Row) => T | undefined,
) {
  const sizes = createPageSizes()

  async function range(
    execute: Execute,
    channel: ChannelId,
    edge: Edge,
    limit: number,
  ): Promise<T[]> {
    if (limit <= 0) return []
    const newestFirst = edge?.than !== '>'
    const ask = async (bucket: number, from: Edge, most: number): Promise<readonly Row[]> => {
      const bound = from === undefined ? '' : ` AND message_id ${from.than} ?`
      const cql = `${select} WHERE channel_id = ? AND bucket = ?${bound}${newestFirst ? '' : ' ORDER BY message_id ASC'} LIMIT ?`
      return await execute(cql, [
        long(channel),
        bucket,
        ...(from === undefined ? [] : [long(from.id)]),
        most,
      ])
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
      let rowsSeen = 0
      // A row may be no message: a reaction's mark that came before its message, or a ghost. Behind
      // it the bucket goes on.
      for (let full = true; full && found.length < limit; ) {
        const most = sizes.rowsAtOnce(channel, limit - found.length)
        const rows = await ask(bucket, from, most)
        sizes.learn(channel, rows)
        found.push(...rows.flatMap((row) => read(row) ?? []))
        rowsSeen += rows.length
        full = rows.length === most
        from = full ? { than: newestFirst ? '<' : '>', id: text(rows.at(-1)!.message_id) } : from
      }
      if (found.length >= limit) break
      // Of the anchor's own bucket only a part was looked at.
      const whole = edge === undefined || bucket !== buckets.of(edge.id)
      // Nobody waits for it: a page is a page also where nothing can be written, and the next one
      // would find the same.
      if (whole && rowsSeen === 0)
        void buckets.foundEmpty(execute, channel, bucket, since).catch(() => {})
    }
    return newestFirst ? found : found.reverse()
  }

  const page = async (
    execute: Execute,
    channel: ChannelId,
    anchor: Anchor,
    limit: number,
  ): Promise<T[]> => {
    switch (anchor.at) {
      case 'latest':
        return await range(execute, channel, undefined, limit)
      case 'before':
        return await range(execute, channel, { than: '<', id: anchor.id }, limit)
      case 'after':
        return await range(execute, channel, { than: '>', id: anchor.id }, limit)
      case 'around': {
        // Half after, then the message itself where it exists, then what is before it: as Discord
        // splits it.
        const newer = await range(
          execute,
          channel,
          { than: '>', id: anchor.id },
          Math.floor(limit / 2),
        )
        return [
          ...newer,
          ...(await range(execute, channel, { than: '<=', id: anchor.id }, limit - newer.length)),
        ]
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

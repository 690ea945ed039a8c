import type { StoredMessage } from '@threshold/domain'
import type { MessageRow } from './replica.ts'

/** Ids, times and flags: everything that is always small. */
const FIXED_BYTES = 200
const MENTION_BYTES = 12

/** About the bytes of a message at rest and on the wire. Text and embeds make one large. */
export function bytesOfMessage({ content, embeds, mentions, mentionRoles }: StoredMessage): number {
  const mentioned = (mentions?.length ?? 0) + (mentionRoles?.length ?? 0)
  const json = embeds === undefined ? 0 : Buffer.byteLength(JSON.stringify(embeds))
  return FIXED_BYTES + Buffer.byteLength(content) + json + mentioned * MENTION_BYTES
}

export const bytesOf = ({ message }: MessageRow): number => bytesOfMessage(message)

export interface BatchLimit {
  readonly rows: number
  readonly bytes: number
}

/** In order. A row larger than the limit is a batch by itself. */
export function inBatches(rows: readonly MessageRow[], limit: BatchLimit): MessageRow[][] {
  const batches: MessageRow[][] = []
  let bytes = 0
  for (const row of rows) {
    const size = bytesOf(row)
    const last = batches.at(-1)
    if (last === undefined || last.length >= limit.rows || bytes + size > limit.bytes) {
      batches.push([row])
      bytes = size
    } else {
      last.push(row)
      bytes += size
    }
  }
  return batches
}

export const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )

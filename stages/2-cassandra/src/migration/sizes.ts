import type { StoredMessage } from '@threshold/domain'
import type { Row } from './movable.ts'

/** Beside what can be large: ids, times, flags. */
const REST = 200
const MENTION = 12

/**
 * The bytes of a message at rest and on the wire, about. Its text and its embeds are what makes one
 * large.
 */
export function bytesOfMessage({ content, embeds, mentions, mentionRoles }: StoredMessage): number {
  const named = (mentions?.length ?? 0) + (mentionRoles?.length ?? 0)
  const json = embeds === undefined ? 0 : Buffer.byteLength(JSON.stringify(embeds))
  return REST + Buffer.byteLength(content) + json + named * MENTION
}

export const bytesOf = ({ message }: Row): number => bytesOfMessage(message)

export interface Bounds {
  readonly rows: number
  readonly bytes: number
}

/**
 * In order, so that no part has more rows or more bytes; a row that is larger by itself is a part
 * of its own.
 */
export function cutRows(rows: readonly Row[], most: Bounds): Row[][] {
  const parts: Row[][] = []
  let bytes = 0
  for (const row of rows) {
    const size = bytesOf(row)
    const last = parts.at(-1)
    if (last === undefined || last.length >= most.rows || bytes + size > most.bytes) {
      parts.push([row])
      bytes = size
    } else {
      last.push(row)
      bytes += size
    }
  }
  return parts
}

export const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )

import { writeJson } from '@threshold/contract'
import type { EventEncoder } from '@threshold/ports'

/**
 * A session's `s` is its own, so a frame can't be shared as it is; everything but the number can.
 * `JSON.stringify` and the conversion to UTF-8 run once for an event, and the gateway puts the
 * digits of each session between the two pieces.
 */
export function typescriptEventEncoder(): EventEncoder {
  return {
    encode: (type, data) => ({
      head: Buffer.from(`{"t":${JSON.stringify(type)},"s":`),
      tail: Buffer.from(`,"op":0,"d":${writeJson(data)}}`),
    }),
    frame: ({ head, tail }, sequence) =>
      Buffer.concat([head, Buffer.from(String(sequence), 'latin1'), tail]),
  }
}

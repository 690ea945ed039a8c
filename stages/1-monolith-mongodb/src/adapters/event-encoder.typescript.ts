import { writeJson } from '@threshold/contract'
import type { EventEncoder } from '@threshold/ports'

const BEFORE_DATA = Buffer.from(',"op":0,"d":')
const AFTER_DATA = Buffer.from('}')

/**
 * Encodes an event once for all sessions. Only the sequence number `s` differs between them, so the
 * JSON is cut in two there. `JSON.stringify` and the conversion to UTF-8 run once an event, and the
 * gateway writes each session's digits between the two pieces.
 */
export function typescriptEventEncoder(): EventEncoder {
  const head = (type: string): Buffer => Buffer.from(`{"t":${JSON.stringify(type)},"s":`)
  return {
    encode: (type, data) => ({
      head: head(type),
      tail: Buffer.from(`,"op":0,"d":${writeJson(data)}}`),
    }),
    encodeJson: (type, json) => ({
      head: head(type),
      tail: Buffer.concat([BEFORE_DATA, json, AFTER_DATA]),
    }),
    frame: ({ head, tail }, sequence) =>
      Buffer.concat([head, Buffer.from(String(sequence), 'latin1'), tail]),
  }
}

import { decodeJson, encodeJson } from '@threshold/kit'

/**
 * A message with a head, which is small and is always read, and a body of bytes that go on as they
 * are. An event's data is encoded once, at the owner of its guild, and a gateway writes those bytes
 * to its sockets.
 */
export interface Frame {
  readonly head: unknown
  readonly body: Uint8Array
}

const LENGTH_BYTES = 4
const NOTHING = new Uint8Array()

export function encodeFrame(head: unknown, body: Uint8Array = NOTHING): Uint8Array {
  const json = Buffer.from(encodeJson(head))
  const length = Buffer.allocUnsafe(LENGTH_BYTES)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, body])
}

/** Throws `MALFORMED_DATA` for bytes that `encodeFrame` does not make. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = buffer.length < LENGTH_BYTES ? 0 : buffer.readUInt32BE()
  const end = LENGTH_BYTES + length
  return { head: decodeJson(buffer.subarray(LENGTH_BYTES, end)), body: buffer.subarray(end) }
}

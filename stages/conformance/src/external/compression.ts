import { constants, createInflate, createZstdDecompress, inflateSync } from 'node:zlib'

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload'

/** Turns binary messages back into text, one at a time and in order. */
export function createInflater(
  compression: Compression | undefined,
): (data: Buffer) => Promise<string> {
  if (compression === 'payload') return async (data) => inflateSync(data).toString()
  if (compression === undefined)
    return async () => {
      throw new Error('a binary message came where none was asked for')
    }
  // Frames stay readable when the stream never ends, as the connection's does not.
  const stream =
    compression === 'zlib-stream'
      ? createInflate({ finishFlush: constants.Z_SYNC_FLUSH })
      : createZstdDecompress()
  let chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return (data) => {
    if (compression === 'zlib-stream' && !data.subarray(-4).equals(SYNC))
      throw new Error('a zlib-stream message must end with 00 00 FF FF')
    return new Promise((resolve, reject) => {
      stream.once('error', reject)
      // What one write yields arrives in events that may come just after its callback.
      stream.write(data, () =>
        setImmediate(() => {
          stream.off('error', reject)
          resolve(Buffer.concat(chunks).toString())
          chunks = []
        }),
      )
    })
  }
}

/** The end of every flushed zlib block: by it clients know that a payload is whole. */
const SYNC = Buffer.from([0x00, 0x00, 0xff, 0xff])

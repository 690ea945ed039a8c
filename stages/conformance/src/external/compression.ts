import { constants, createInflate, createZstdDecompress, inflateSync } from 'node:zlib'

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload'

/** Returns a function that decompresses binary messages. Messages must be passed in order. */
export function createInflater(
  compression: Compression | undefined,
): (data: Buffer) => Promise<string> {
  if (compression === 'payload') return async (data) => inflateSync(data).toString()
  if (compression === undefined)
    return async () => {
      throw new Error('the server sent a binary message without having been asked to compress')
    }
  // Z_SYNC_FLUSH makes each message readable, although the stream has no end.
  const stream =
    compression === 'zlib-stream'
      ? createInflate({ finishFlush: constants.Z_SYNC_FLUSH })
      : createZstdDecompress()
  let chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return (data) => {
    if (compression === 'zlib-stream' && !data.subarray(-4).equals(SYNC_MARKER))
      throw new Error('a zlib-stream message must end with 00 00 FF FF')
    return new Promise((resolve, reject) => {
      stream.once('error', reject)
      // The last 'data' events of a write may come just after its callback.
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

/** Ends every flushed zlib block. Clients take it as the end of a payload. */
const SYNC_MARKER = Buffer.from([0x00, 0x00, 0xff, 0xff])

import { constants, createDeflate, createZstdCompress, deflateSync } from 'node:zlib'
import type { WebSocket } from 'ws'

/** What `compress` in the URL may ask for. */
export type Stream = 'zlib-stream' | 'zstd-stream'

export const isStream = (wish: string | undefined): wish is Stream => wish === 'zlib-stream' || wish === 'zstd-stream'

/**
 * Frames on their way out, in order. Sending neither throws nor waits; `waiting` tells how much has not left yet, and `taken`,
 * given when the transport is made, is called whenever the kernel has taken a frame.
 */
export interface Transport {
  send(text: string): void
  /** Bytes that the socket's peer has not taken yet, and characters still to be compressed. */
  readonly waiting: number
  close(): void
}

/** Shorter payloads gain nothing from being compressed each by itself. */
const WORTH_COMPRESSING = 4_096

/** Text as it is; or, when `compress` in IDENTIFY asks for it, what is long as one deflated payload. */
export function plainTransport(socket: WebSocket, taken: () => void, { compressed = false } = {}): Transport {
  return {
    send(text) {
      if (compressed && text.length >= WORTH_COMPRESSING) socket.send(deflateSync(text, { level: 1 }), taken)
      else socket.send(text, taken)
    },
    get waiting() {
      return socket.bufferedAmount
    },
    close() {},
  }
}

/**
 * One compressor for the life of a connection: what an event has in common with those before it costs next to nothing
 * (Discord: MESSAGE_CREATE 270 to 166 bytes, as reported). The price is a window of some 100 KB for each connection, and
 * that no frame can be shared. Each payload ends with a flush and is one WebSocket message, as all clients expect.
 */
export function streamTransport(socket: WebSocket, compression: Stream, taken: () => void): Transport {
  const zlib = compression === 'zlib-stream'
  const stream = zlib
    ? createDeflate({ level: 1 })
    : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 17 } })
  const flush = zlib ? constants.Z_SYNC_FLUSH : constants.ZSTD_e_flush
  let chunks: Buffer[] = []
  let compressing = 0
  let closed = false
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => socket.terminate()) // a window out of step can't be mended
  return {
    send(text) {
      if (closed) return
      compressing += text.length
      stream.write(text)
      stream.flush(flush, () => {
        compressing -= text.length
        const frame = Buffer.concat(chunks)
        chunks = []
        if (!closed) socket.send(frame, { binary: true }, taken)
      })
    },
    get waiting() {
      return socket.bufferedAmount + compressing
    },
    close() {
      closed = true
      stream.close()
    },
  }
}

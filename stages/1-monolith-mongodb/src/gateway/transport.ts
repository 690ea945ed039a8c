import type { Socket } from 'node:net'
import { constants, createDeflate, createZstdCompress, deflateSync } from 'node:zlib'
import { Sender } from 'ws'

declare module 'ws' {
  /** Public in ws and missing from its types. */
  export const Sender: { frame(data: Uint8Array, options: typeof TEXT): [header: Uint8Array, payload: Uint8Array] }
}

/** What `compress` in the URL may ask for. */
export type Stream = 'zlib-stream' | 'zstd-stream'

export const isStream = (wish: string | undefined): wish is Stream => wish === 'zlib-stream' || wish === 'zstd-stream'

/** Frames on their way out, in order. Sending neither throws nor waits; `waiting` tells how much has not left yet. */
export interface Transport {
  /** JSON, as UTF-8. */
  send(text: Uint8Array): void
  /** Bytes that the socket's peer has not taken yet, and those still to be compressed. */
  readonly waiting: number
  /** Resolves when the kernel has taken all that was sent so far, or the socket is gone. */
  drained(): Promise<void>
  close(): void
}

const TEXT = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }
const BINARY = { ...TEXT, opcode: 2 }
const NOTHING = Buffer.alloc(0)

/** Shorter payloads gain nothing from being compressed each by itself. */
const WORTH_COMPRESSING = 4_096

/** Text as it is; or, when `compress` in IDENTIFY asks for it, what is long as one deflated payload. */
export function plainTransport(socket: Socket, { compressed = false } = {}): Transport {
  return {
    send(text) {
      if (compressed && text.length >= WORTH_COMPRESSING) write(socket, deflateSync(text, { level: 1 }), BINARY)
      else write(socket, text, TEXT)
    },
    get waiting() {
      return socket.writableLength
    },
    drained: () => taken(socket),
    close() {},
  }
}

/**
 * One compressor for the life of a connection: what an event has in common with those before it costs next to nothing
 * (Discord: MESSAGE_CREATE 270 to 166 bytes, as reported). The price is a window of some 100 KB for each connection, and
 * that no frame can be shared. Each payload ends with a flush and is one WebSocket message, as all clients expect.
 */
export function streamTransport(socket: Socket, compression: Stream): Transport {
  const zlib = compression === 'zlib-stream'
  const stream = zlib
    ? createDeflate({ level: 1 })
    : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 17 } })
  const flush = zlib ? constants.Z_SYNC_FLUSH : constants.ZSTD_e_flush
  let chunks: Buffer[] = []
  let compressing = 0
  let closed = false
  let compressed: Promise<void> = Promise.resolve()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => socket.destroy()) // a window out of step can't be mended
  return {
    send(text) {
      if (closed) return
      compressing += text.length
      stream.write(text)
      compressed = new Promise((resolve) =>
        stream.flush(flush, () => {
          compressing -= text.length
          const frame = Buffer.concat(chunks)
          chunks = []
          if (!closed) write(socket, frame, BINARY)
          resolve()
        }),
      )
    },
    get waiting() {
      return socket.writableLength + compressing
    },
    async drained() {
      await compressed
      await taken(socket)
    },
    close() {
      closed = true
      stream.close()
    },
  }
}

/** Sockets whose frames leave together when this turn of the event loop is over. */
let corked: Socket[] = []

function uncorkAll(): void {
  const sockets = corked
  corked = []
  for (const socket of sockets) socket.uncork()
}

/**
 * The frame is ws's; that it leaves as one buffer is ours, since a system call is most of what a delivery costs and two
 * buffers cost more than one. Frames of the same turn of the event loop share that call: of eight messages under way at once
 * several come back from the store together.
 */
function write(socket: Socket, payload: Uint8Array, options: typeof TEXT): void {
  if (!socket.writable) return
  if (socket.writableCorked === 0) {
    socket.cork()
    if (corked.push(socket) === 1) setImmediate(uncorkAll)
  }
  socket.write(Buffer.concat(Sender.frame(payload, options)))
}

/** Nothing is written, and in order: its callback comes after that of all before it, also when the socket ends. */
const taken = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (!socket.writable) return resolve()
    socket.write(NOTHING, () => resolve())
  })

import type { Socket } from 'node:net'
import { constants, createDeflate, createZstdCompress, deflateSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import { binaryFrame, type Dispatch, textFrame } from './dispatch.ts'

/** What `compress` in the URL may ask for. */
export type Stream = 'zlib-stream' | 'zstd-stream'

export const isStream = (wish: string | undefined): wish is Stream => wish === 'zlib-stream' || wish === 'zstd-stream'

/** Frames on their way out, in order. Sending neither throws nor waits; `waiting` tells how much has not left yet. */
export interface Transport {
  /** JSON, as UTF-8. */
  send(text: Uint8Array): void
  /** An event, with the number it has in this session. */
  dispatch(event: Dispatch, sequence: number): void
  /** Bytes that the socket's peer has not taken yet, and those still to be framed or compressed. */
  readonly waiting: number
  /** Writes what waits for the end of this turn: before ws writes something of its own. */
  flush(): void
  /** Resolves when the kernel has taken all that was sent so far, or the socket is gone. */
  drained(): Promise<void>
  close(): void
}

const NOTHING = Buffer.alloc(0)

/** Shorter payloads gain nothing from being compressed each by itself. */
const WORTH_COMPRESSING = 4_096

/** Transports with events to write when this turn of the event loop is over. */
let due: Transport[] = []

function flushAll(): void {
  const transports = due
  due = []
  for (const transport of transports) transport.flush()
}

/**
 * Text as it is; or, when `compress` in IDENTIFY asks for it, what is long as one deflated payload.
 *
 * Events leave when the turn of the event loop that they came in is over, those of one turn as one piece, since a system call
 * is most of what a delivery costs: of eight messages under way at once several come back from the store together. An event
 * that is alone leaves from the memory that it lends to one session after the other.
 */
export function plainTransport(socket: WebSocket, raw: Socket, { compressed = false } = {}): Transport {
  /** What waits: one event, not framed yet; or frames of more than one. */
  let event: Dispatch | undefined
  let number = 0
  let frames: Buffer[] = []
  let bytes = 0

  const isOpen = (): boolean => socket.readyState === socket.OPEN && raw.writable
  const queue = (frame: Buffer): void => {
    if (event) frames.push(event.frame(number))
    event = undefined
    frames.push(frame)
  }
  const transport: Transport = {
    send(text) {
      const frame = compressed && text.length >= WORTH_COMPRESSING ? binaryFrame(deflateSync(text, { level: 1 })) : textFrame(text)
      if (bytes === 0) {
        if (isOpen()) raw.write(frame)
        return
      }
      queue(frame)
      bytes += frame.length
    },
    dispatch(next, sequence) {
      if (compressed && next.size >= WORTH_COMPRESSING) return transport.send(next.text(sequence))
      if (bytes > 0) queue(next.frame(sequence))
      else {
        event = next
        number = sequence
        if (due.push(transport) === 1) setImmediate(flushAll)
      }
      bytes += next.size
    },
    get waiting() {
      return raw.writableLength + bytes
    },
    flush() {
      if (bytes === 0) return
      bytes = 0
      if (event) {
        const alone = event
        event = undefined
        if (!isOpen()) return
        raw.write(alone.lend(number))
        // The kernel has a copy of what it took at once; what it did not take, the socket still points at.
        if (raw.writableLength > 0) alone.keep(number)
        return
      }
      const together = frames
      frames = []
      if (isOpen()) raw.write(Buffer.concat(together))
    },
    drained() {
      transport.flush()
      return taken(raw)
    },
    close() {
      event = undefined
      frames = []
      bytes = 0
    },
  }
  return transport
}

/**
 * One compressor for the life of a connection: what an event has in common with those before it costs next to nothing
 * (Discord: MESSAGE_CREATE 270 to 166 bytes, as reported). The price is a window of some 100 KB for each connection, and
 * that no frame can be shared. Each payload ends with a flush and is one WebSocket message, as all clients expect.
 */
export function streamTransport(socket: WebSocket, raw: Socket, compression: Stream): Transport {
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
  stream.on('error', () => raw.destroy()) // a window out of step can't be mended
  const send = (text: Uint8Array): void => {
    if (closed) return
    compressing += text.length
    stream.write(text)
    compressed = new Promise((resolve) =>
      stream.flush(flush, () => {
        compressing -= text.length
        const frame = binaryFrame(Buffer.concat(chunks))
        chunks = []
        if (!closed && socket.readyState === socket.OPEN && raw.writable) raw.write(frame)
        resolve()
      }),
    )
  }
  return {
    send,
    dispatch: (event, sequence) => send(event.text(sequence)),
    get waiting() {
      return raw.writableLength + compressing
    },
    flush() {},
    async drained() {
      await compressed
      await taken(raw)
    },
    close() {
      closed = true
      stream.close()
    },
  }
}

/** Nothing is written, and in order: its callback comes after that of all before it, also when the socket ends. */
const taken = (raw: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (!raw.writable) return resolve()
    raw.write(NOTHING, () => resolve())
  })

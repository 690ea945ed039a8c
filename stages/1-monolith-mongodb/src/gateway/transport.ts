import type { Socket } from 'node:net'
import { constants, createDeflate, createZstdCompress, deflateSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { binaryFrame, type Dispatch, textFrame } from './dispatch.ts'

/** What `compress` in the URL may ask for. */
export type Stream = 'zlib-stream' | 'zstd-stream'

export const isStream = (wish: string | undefined): wish is Stream => wish === 'zlib-stream' || wish === 'zstd-stream'

/** A connection as its frames see it. They go straight to what the WebSocket stands on. */
export interface Line {
  readonly socket: WebSocket
  readonly raw: Socket
  /** Bytes that may wait for a reader. */
  readonly maxWaiting: number
  /** More are waiting. */
  tooSlow(waiting: number): void
}

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

const { OPEN } = WebSocket
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

/** Memory for what several events say to one socket. It is the next socket's, once the kernel has a copy. */
const SCRATCH = 65_536
let scratch = Buffer.allocUnsafeSlow(SCRATCH)
/** Of a frame beside its event: the header, and the digits of a number. */
const MOST_AROUND = 32

/**
 * Text as it is; or, when `compress` in IDENTIFY asks for it, what is long as one deflated payload.
 *
 * Events leave when the turn of the event loop that they came in is over, those of one turn as one piece, since a system call
 * is most of what a delivery costs: of eight messages under way at once several come back from the store together. Their
 * memory is lent from socket to socket: a copy for each would be found again by the garbage collector.
 *
 * A class, since V8 takes objects with a getter of their own for as many types, and looks up each call on them by name.
 */
export class PlainTransport implements Transport {
  readonly #line: Line
  readonly #compressed: boolean
  /** Waits for the end of the turn. */
  #event: Dispatch | undefined
  #number = 0
  /** What came after it in the same turn. */
  #others: { readonly event: Dispatch; readonly number: number }[] = []
  /** Of all that waits. */
  #bytes = 0

  constructor(line: Line, { compressed = false } = {}) {
    this.#line = line
    this.#compressed = compressed
  }

  send(text: Uint8Array): void {
    this.flush()
    const deflated = this.#compressed && text.length >= WORTH_COMPRESSING
    if (!this.#write(deflated ? binaryFrame(deflateSync(text, { level: 1 })) : textFrame(text))) this.#dropSlow()
  }

  dispatch(event: Dispatch, number: number): void {
    if (this.#compressed && event.size >= WORTH_COMPRESSING) {
      this.send(event.text(number))
      return
    }
    if (this.#event) this.#others.push({ event, number })
    else {
      this.#event = event
      this.#number = number
      if (due.push(this) === 1) setImmediate(flushAll)
    }
    this.#bytes += event.size
    if (this.#bytes > this.#line.maxWaiting) this.flush()
  }

  get waiting(): number {
    return this.#line.raw.writableLength + this.#bytes
  }

  flush(): void {
    const event = this.#event
    if (!event) return
    const taken = this.#others.length === 0 ? this.#writeOne(event, this.#number) : this.#writeTogether(event)
    this.close()
    if (!taken) this.#dropSlow()
  }

  drained(): Promise<void> {
    this.flush()
    return taken(this.#line.raw)
  }

  close(): void {
    this.#event = undefined
    if (this.#others.length > 0) this.#others = []
    this.#bytes = 0
  }

  #writeOne(event: Dispatch, number: number): boolean {
    const taken = this.#write(event.lend(number))
    if (!taken) event.keep(number)
    return taken
  }

  #writeTogether(event: Dispatch): boolean {
    const all = [{ event, number: this.#number }, ...this.#others]
    const most = this.#bytes + MOST_AROUND * all.length
    const memory = most > SCRATCH ? Buffer.allocUnsafe(most) : scratch
    let length = 0
    for (const one of all) {
      const frame = one.event.lend(one.number)
      memory.set(frame, length)
      length += frame.length
    }
    const taken = this.#write(memory.subarray(0, length))
    if (!taken && memory === scratch) scratch = Buffer.allocUnsafeSlow(SCRATCH)
    return taken
  }

  /** Whether the kernel has a copy of all of it. What it did not take, the socket still points at. */
  #write(frame: Buffer): boolean {
    const { socket, raw } = this.#line
    // After a close of either side a frame would be no WebSocket any more.
    if (socket.readyState !== OPEN) return true
    raw.write(frame)
    return raw.writableLength === 0
  }

  #dropSlow(): void {
    const waiting = this.#line.raw.writableLength
    if (waiting > this.#line.maxWaiting) this.#line.tooSlow(waiting)
  }
}

/**
 * One compressor for the life of a connection: what an event has in common with those before it costs next to nothing
 * (Discord: MESSAGE_CREATE 270 to 166 bytes, as reported). The price is a window of some 100 KB for each connection, and
 * that no frame can be shared. Each payload ends with a flush and is one WebSocket message, as all clients expect.
 */
export function streamTransport({ socket, raw, maxWaiting, tooSlow }: Line, compression: Stream): Transport {
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
    const waiting = raw.writableLength + compressing
    if (waiting > maxWaiting) tooSlow(waiting)
    stream.write(text)
    compressed = new Promise((resolve) =>
      stream.flush(flush, () => {
        compressing -= text.length
        const frame = binaryFrame(Buffer.concat(chunks))
        chunks = []
        if (!closed && socket.readyState === OPEN) raw.write(frame)
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

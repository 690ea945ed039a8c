import type { Socket } from 'node:net'
import { deflateSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { binaryFrame, type Dispatch, textFrame } from './dispatch.ts'

/** A connection as its frames see it. They go straight to what the WebSocket stands on. */
export interface OutboundSocket {
  readonly socket: WebSocket
  readonly tcp: Socket
  /** Bytes that may wait for a reader. */
  readonly maxBuffered: number
  /** More are waiting. */
  onTooSlow(waiting: number): void
}

/** Bytes; with fewer left to send, a burst may go on. */
export const LOW_WATER_MARK = 256 * 1_024

/**
 * Frames on their way out, in order. Sending neither throws nor waits; `waiting` tells how much has
 * not left yet.
 */
export interface Transport {
  /** JSON, as UTF-8. */
  send(text: Uint8Array): void
  /** An event, with the number it has in this session. */
  dispatch(event: Dispatch, sequence: number): void
  /** Bytes that the socket's peer has not taken yet, and those still to be framed or compressed. */
  readonly buffered: number
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

interface Numbered {
  readonly event: Dispatch
  readonly number: number
}

/**
 * Memory for what several events say to one socket. It is the next socket's, once the kernel has a
 * copy.
 */
const SCRATCH = 65_536
let scratch = Buffer.allocUnsafeSlow(SCRATCH)
/** Of a frame beside its event: the header, and the digits of a number. */
const MOST_AROUND = 32

/**
 * Text as it is; or, when `compress` in IDENTIFY asks for it, what is long as one deflated payload.
 *
 * Events leave when the turn of the event loop that they came in is over, those of one turn as one
 * piece, since a system call is most of what a delivery costs: of eight messages under way at once
 * several come back from the store together. Their memory is lent from socket to socket: a copy for
 * each would be found again by the garbage collector.
 *
 * A class, since V8 takes objects with a getter of their own for as many types, and looks up each
 * call on them by name.
 */
export class BatchedTransport implements Transport {
  readonly #line: OutboundSocket
  readonly #compressed: boolean
  /** Waits for the end of the turn. */
  #event: Dispatch | undefined
  #number = 0
  /** What came after it in the same turn. */
  #others: Numbered[] = []
  /** Of all that waits. */
  #bytes = 0

  constructor(line: OutboundSocket, { compressed = false } = {}) {
    this.#line = line
    this.#compressed = compressed
  }

  send(text: Uint8Array): void {
    this.flush()
    if (this.#takesNothing()) return
    const deflated = this.#compressed && text.length >= WORTH_COMPRESSING
    this.#write(deflated ? binaryFrame(deflateSync(text, { level: 1 })) : textFrame(text))
  }

  dispatch(event: Dispatch, number: number): void {
    if (this.#compressed && event.size >= WORTH_COMPRESSING) {
      this.send(event.json(number))
      return
    }
    if (this.#event) this.#others.push({ event, number })
    else {
      this.#event = event
      this.#number = number
      if (due.push(this) === 1) setImmediate(flushAll)
    }
    this.#bytes += event.size
    if (this.#bytes > this.#line.maxBuffered) this.flush()
  }

  get buffered(): number {
    return this.#line.tcp.writableLength + this.#bytes
  }

  flush(): void {
    const event = this.#event
    if (!event) return
    const others = this.#others
    const number = this.#number
    const bytes = this.#bytes
    this.close()
    if (this.#takesNothing()) return
    if (others.length === 0) this.#writeOne(event, number)
    else this.#writeTogether([{ event, number }, ...others], bytes)
  }

  drained(): Promise<void> {
    this.flush()
    return writesFlushed(this.#line.tcp)
  }

  close(): void {
    this.#event = undefined
    if (this.#others.length > 0) this.#others = []
    this.#bytes = 0
  }

  #writeOne(event: Dispatch, number: number): void {
    // To a socket that is behind nothing is lent: it would keep it.
    if (this.#line.tcp.writableLength > 0) this.#write(event.frame(number))
    else if (!this.#write(event.sharedFrame(number))) event.detach(number)
  }

  #writeTogether(all: readonly Numbered[], bytes: number): void {
    const most = bytes + MOST_AROUND * all.length
    const lent = most <= SCRATCH && this.#line.tcp.writableLength === 0
    const memory = lent ? scratch : Buffer.allocUnsafe(most)
    let length = 0
    for (const { event, number } of all) {
      const frame = event.sharedFrame(number)
      memory.set(frame, length)
      length += frame.length
    }
    if (!this.#write(memory.subarray(0, length)) && lent) scratch = Buffer.allocUnsafeSlow(SCRATCH)
  }

  /**
   * After a close of either side a frame would be no WebSocket any more. And a reader is too slow
   * by what it has left of what came before: one frame may be larger than what may wait.
   */
  #takesNothing(): boolean {
    const { socket, tcp: raw, maxBuffered: maxWaiting, onTooSlow: tooSlow } = this.#line
    if (socket.readyState !== OPEN) return true
    const waiting = raw.writableLength
    if (waiting <= maxWaiting) return false
    tooSlow(waiting)
    return true
  }

  /**
   * Whether the kernel has a copy of all of it. What it did not take, the socket still points at.
   */
  #write(frame: Buffer): boolean {
    const { tcp: raw } = this.#line
    raw.write(frame)
    return raw.writableLength === 0
  }
}

/**
 * Nothing is written, and in order: its callback comes after that of all before it, also when the
 * socket ends.
 */
export const writesFlushed = (raw: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (!raw.writable) return resolve()
    raw.write(NOTHING, () => resolve())
  })

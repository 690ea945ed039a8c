import type { EncodedEvent, EventEncoder } from '@threshold/ports'
import { Sender } from 'ws'

declare module 'ws' {
  /** Public in ws, but missing from its types. */
  export const Sender: {
    frame(data: Uint8Array, options: FrameOptions): [header: Uint8Array, payload: Uint8Array]
  }
}

interface FrameOptions {
  readonly fin: boolean
  readonly rsv1: boolean
  readonly opcode: number
  readonly mask: boolean
  readonly readOnly: boolean
}

const TEXT: FrameOptions = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }
const BINARY: FrameOptions = { ...TEXT, opcode: 2 }

/**
 * A WebSocket frame in one buffer: header and payload. ws makes the header, but returns the two
 * apart, and writing two buffers costs more than one.
 */
export const textFrame = (payload: Uint8Array): Buffer => Buffer.concat(Sender.frame(payload, TEXT))
export const binaryFrame = (payload: Uint8Array): Buffer =>
  Buffer.concat(Sender.frame(payload, BINARY))

const ASCII_ZERO = 48

/**
 * An event, encoded once for all the sessions that receive it.
 *
 * The payloads of two sessions differ only in `s`, the session's sequence number. So the frame is
 * built once as well, and before each write the digits of `s` are overwritten in place. An event
 * for five thousand sessions then costs five thousand system calls and one buffer, instead of five
 * thousand copies that the garbage collector has to find again.
 */
export class Dispatch {
  readonly #encoder: EventEncoder
  readonly #event: EncodedEvent
  /**
   * The shared frames, indexed by the number of digits in `s`. Another number of digits is another
   * payload length, which the frame's header contains.
   */
  readonly #sharedFrames: (Buffer | undefined)[] = []

  constructor(encoder: EventEncoder, event: EncodedEvent) {
    this.#encoder = encoder
    this.#event = event
  }

  get encoded(): EncodedEvent {
    return this.#event
  }

  /** Length of the JSON in bytes, without the digits of `s`. */
  get size(): number {
    return this.#event.head.length + this.#event.tail.length
  }

  /** The payload as JSON, in a buffer of its own. */
  json(sequence: number): Uint8Array {
    return this.#encoder.frame(this.#event, sequence)
  }

  /** The whole WebSocket frame, in a buffer of its own. */
  frame(sequence: number): Buffer {
    return textFrame(this.json(sequence))
  }

  /**
   * The whole WebSocket frame, in a buffer that the next call overwrites. Write it at once. If the
   * socket still holds the buffer after the write, call `detach`.
   */
  sharedFrame(sequence: number): Buffer {
    const digits = countDigits(sequence)
    const shared = this.#sharedFrames[digits]
    if (shared === undefined) {
      const first = this.frame(sequence)
      this.#sharedFrames[digits] = first
      return first
    }
    // `s` stands directly before the tail. Its digits are written from the last to the first.
    let index = shared.length - this.#event.tail.length
    for (let rest = sequence, i = 0; i < digits; i++) {
      index -= 1
      shared[index] = ASCII_ZERO + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return shared
  }

  /** Leaves the buffer of the last `sharedFrame` to the socket. The next call allocates another. */
  detach(sequence: number): void {
    this.#sharedFrames[countDigits(sequence)] = undefined
  }
}

function countDigits(sequence: number): number {
  let digits = 1
  for (let rest = sequence; rest >= 10; rest = Math.floor(rest / 10)) digits += 1
  return digits
}

import type { EncodedEvent, EventEncoder } from '@threshold/ports'
import { Sender } from 'ws'

declare module 'ws' {
  /** Public in ws and missing from its types. */
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
 * A WebSocket message in one piece, since two pieces of memory cost a system call more than one.
 * What it looks like is ws's.
 */
export const textFrame = (payload: Uint8Array): Buffer => Buffer.concat(Sender.frame(payload, TEXT))
export const binaryFrame = (payload: Uint8Array): Buffer =>
  Buffer.concat(Sender.frame(payload, BINARY))

const ZERO = 48

/**
 * An event on its way to many sockets. It is encoded once and framed once; what differs from
 * session to session is the number `s`, and its digits are put into the one frame for each of them
 * in turn. Five thousand sockets so cost five thousand system calls and not as many copies, which a
 * garbage collector would have to find again.
 */
export class Dispatch {
  readonly #encoder: EventEncoder
  readonly #event: EncodedEvent
  /** By the number of digits: where that differs, the length differs, and the header tells it. */
  readonly #frames: (Buffer | undefined)[] = []

  constructor(encoder: EventEncoder, type: string, data: object) {
    this.#encoder = encoder
    this.#event = encoder.encode(type, data)
  }

  /** Bytes of its JSON, but for a digit or two. */
  get size(): number {
    return this.#event.head.length + this.#event.tail.length
  }

  /** As JSON, in memory of its own. */
  json(sequence: number): Uint8Array {
    return this.#encoder.frame(this.#event, sequence)
  }

  /** A whole frame in memory of its own. */
  frame(sequence: number): Buffer {
    return textFrame(this.json(sequence))
  }

  /** A whole frame to be sent now: its memory is the next session's, unless it is kept. */
  sharedFrame(sequence: number): Buffer {
    const digits = digitsOf(sequence)
    const lent = this.#frames[digits]
    if (lent === undefined) {
      const made = this.frame(sequence)
      this.#frames[digits] = made
      return made
    }
    let at = lent.length - this.#event.tail.length
    for (let rest = sequence, i = 0; i < digits; i++) {
      at -= 1
      lent[at] = ZERO + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return lent
  }

  /** What was lent last is still being sent: the next one gets other memory. */
  detach(sequence: number): void {
    this.#frames[digitsOf(sequence)] = undefined
  }
}

function digitsOf(sequence: number): number {
  let digits = 1
  for (let rest = sequence; rest >= 10; rest = Math.floor(rest / 10)) digits += 1
  return digits
}

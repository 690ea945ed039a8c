import { deflateSync } from 'node:zlib'
import { binaryFrame, type Dispatch, textFrame } from './dispatch.ts'
import {
  COMPRESSION_THRESHOLD,
  mayWrite,
  type OutboundSocket,
  type Transport,
  type TransportOptions,
  writesFlushed,
} from './transport.ts'

/** Transports with events to write at the end of this turn of the event loop. */
let pendingFlush: BatchedTransport[] = []

function flushAll(): void {
  const transports = pendingFlush
  pendingFlush = []
  for (const transport of transports) transport.flush()
}

/**
 * A buffer in which several events for one socket are put together. All sockets share it: once the
 * kernel has copied its contents, the next socket may use it.
 */
const SCRATCH_BYTES = 65_536
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
/** A frame is at most this much longer than its event: by its header and the digits of `s`. */
const MAX_FRAME_OVERHEAD = 32

interface NumberedDispatch {
  readonly event: Dispatch
  readonly sequence: number
}

/**
 * Writes the events of one turn of the event loop together, and shares buffers between sockets.
 *
 * Most of the cost of a delivery is its system call. When eight messages are being sent at once,
 * several of them return from the store in the same turn; a session then gets them with one write.
 * The delay is at most the rest of the turn.
 *
 * Frames are lent, not copied: `Dispatch.sharedFrame` serves one socket after the other from the
 * same buffer. That is safe only if the kernel takes the whole frame at once, which it does for
 * every reader that keeps up. A socket that is behind gets a copy of its own.
 *
 * It is a class because V8 gives each object literal with a getter its own hidden class, so that
 * calls on such objects have to look their methods up. These are called for every frame.
 */
class BatchedTransport implements Transport {
  readonly compressing = undefined
  readonly #outbound: OutboundSocket
  readonly #compressed: boolean
  /** The first event of this turn. Usually it is the only one, and then nothing is allocated. */
  #first: Dispatch | undefined
  #firstSequence = 0
  /** The other events of this turn. */
  #others: NumberedDispatch[] = []
  /** Size of all events that are held back. */
  #heldBytes = 0

  constructor(outbound: OutboundSocket, compressed: boolean) {
    this.#outbound = outbound
    this.#compressed = compressed
  }

  send(json: Uint8Array): void {
    this.flush()
    if (!mayWrite(this.#outbound, this.#outbound.tcp.writableLength)) return
    const deflates = this.#compressed && json.length >= COMPRESSION_THRESHOLD
    this.#write(deflates ? binaryFrame(deflateSync(json, { level: 1 })) : textFrame(json))
  }

  dispatch(event: Dispatch, sequence: number): void {
    if (this.#compressed && event.size >= COMPRESSION_THRESHOLD) {
      this.send(event.json(sequence))
      return
    }
    if (this.#first) this.#others.push({ event, sequence })
    else {
      this.#first = event
      this.#firstSequence = sequence
      // One immediate serves all transports. It runs after the callbacks of this turn.
      if (pendingFlush.push(this) === 1) setImmediate(flushAll)
    }
    this.#heldBytes += event.size
    // A long turn must not hold back more than a slow reader may leave unread.
    if (this.#heldBytes > this.#outbound.maxBuffered) this.flush()
  }

  get buffered(): number {
    return this.#outbound.tcp.writableLength + this.#heldBytes
  }

  flush(): void {
    const first = this.#first
    if (!first) return
    const sequence = this.#firstSequence
    const others = this.#others
    const bytes = this.#heldBytes
    this.close()
    if (!mayWrite(this.#outbound, this.#outbound.tcp.writableLength)) return
    if (others.length === 0) this.#writeOne(first, sequence)
    else this.#writeTogether([{ event: first, sequence }, ...others], bytes)
  }

  drained(): Promise<void> {
    this.flush()
    return writesFlushed(this.#outbound.tcp)
  }

  close(): void {
    this.#first = undefined
    if (this.#others.length > 0) this.#others = []
    this.#heldBytes = 0
  }

  #writeOne(event: Dispatch, sequence: number): void {
    // A socket that is behind would queue the shared buffer while others overwrite it.
    if (this.#outbound.tcp.writableLength > 0) this.#write(event.frame(sequence))
    else if (!this.#write(event.sharedFrame(sequence))) event.detach(sequence)
  }

  #writeTogether(events: readonly NumberedDispatch[], bytes: number): void {
    const maxLength = bytes + MAX_FRAME_OVERHEAD * events.length
    const usesScratch = maxLength <= SCRATCH_BYTES && this.#outbound.tcp.writableLength === 0
    const buffer = usesScratch ? scratch : Buffer.allocUnsafe(maxLength)
    let length = 0
    for (const { event, sequence } of events) {
      const frame = event.sharedFrame(sequence)
      buffer.set(frame, length)
      length += frame.length
    }
    const copied = this.#write(buffer.subarray(0, length))
    // The socket still points at the scratch buffer, so the others get a new one.
    if (!copied && usesScratch) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  }

  /** Writes a complete frame, past ws. Returns whether the kernel has copied all of it. */
  #write(frame: Buffer): boolean {
    const { tcp } = this.#outbound
    tcp.write(frame)
    return tcp.writableLength === 0
  }
}

export const batchedTransport = (
  outbound: OutboundSocket,
  { compressed = false }: TransportOptions = {},
): Transport => new BatchedTransport(outbound, compressed)

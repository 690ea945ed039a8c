import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Dispatch } from './dispatch.ts'

/**
 * How the frames of one connection leave the process, in order. There are three implementations:
 *
 * - `transport.plain.ts` gives each frame to ws as it comes. Read this one first.
 * - `transport.batched.ts` joins the events of one turn of the event loop and shares their memory.
 *   The stage uses it unless THRESHOLD_GATEWAY_TRANSPORT says otherwise.
 * - `transport.compressed.ts` serves the clients that ask for a compressed stream.
 *
 * Sending neither throws nor waits. A frame that cannot be sent is dropped: the connection has
 * closed, or is about to.
 */
export interface Transport {
  /** Sends one payload: JSON in UTF-8. */
  send(json: Uint8Array): void
  /** Sends an event under the session's sequence number. */
  dispatch(event: Dispatch, sequence: number): void
  /** Bytes that have not reached the kernel yet. */
  readonly buffered: number
  /** Writes events that are held back, so that ws may write a control frame after them. */
  flush(): void
  /** Resolves when a compressor has finished everything sent so far. Undefined: it has. */
  readonly compressing: Promise<void> | undefined
  /** Resolves when the kernel has everything sent so far, or the socket is closed. */
  drained(): Promise<void>
  /** Drops events that are held back, because the connection has ended. */
  close(): void
}

/** The socket that a transport writes to, and how much a slow reader may leave unread. */
export interface OutboundSocket {
  readonly socket: WebSocket
  /** The TCP socket under the WebSocket. */
  readonly tcp: Socket
  /** Bytes that may wait for a slow reader. */
  readonly maxBuffered: number
  /** Called when more bytes than that are waiting. */
  onTooSlow(buffered: number): void
}

export interface TransportOptions {
  /**
   * Deflate long payloads one by one, as `compress` in IDENTIFY asks. The stream compression of
   * `transport.compressed.ts` is asked for in the URL.
   */
  readonly compressed?: boolean
}

/**
 * From this many buffered bytes on, a burst, such as the guilds after READY, waits until the kernel
 * has taken all of them.
 */
export const BURST_PAUSE_BYTES = 256 * 1_024

/** Bytes. A shorter payload gains nothing from being compressed by itself. */
export const COMPRESSION_THRESHOLD = 4_096

/**
 * Whether another frame may be written. Reports a reader that is too slow.
 *
 * A reader is judged by the bytes of earlier frames that it has left unread, without the new frame:
 * a single frame may be larger than `maxBuffered`. No data frame may follow after either side has
 * sent a close frame.
 */
export function mayWrite(outbound: OutboundSocket, buffered: number): boolean {
  if (outbound.socket.readyState !== WebSocket.OPEN) return false
  if (buffered <= outbound.maxBuffered) return true
  outbound.onTooSlow(buffered)
  return false
}

const EMPTY = Buffer.alloc(0)

/**
 * Resolves when the kernel has taken all earlier writes, or the socket is closed. Callbacks of
 * writes run in order, so that of an empty write runs after all others.
 */
export const writesFlushed = (tcp: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (!tcp.writable) return resolve()
    tcp.write(EMPTY, () => resolve())
  })

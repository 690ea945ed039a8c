import { type WebSocket, WebSocketServer, WebSocket as WsSocket } from 'ws'

/** The tested client libraries send unfragmented frames. Others get by with a few fragments. */
const MAX_FRAGMENTS = 8
/**
 * TCP segments of one unfinished frame. Each is a buffer that stays until the frame is complete.
 */
const MAX_BUFFERED_CHUNKS = 256
/** The code with which ws closes a socket over one of these two limits. */
const TOO_MANY_PARTS = 1_008
/** Time for the peer of a closed socket to read the close frame. */
const LINGER_MS = 1_000

interface Options {
  readonly maxPayload: number
  /** Milliseconds that a peer has to answer a close before its socket is terminated. */
  readonly closeTimeout: number
  /** The close code for a flood. Too many fragments in a frame count as one. */
  readonly rateLimited: number
}

/**
 * A WebSocket server with bounded cost for each socket. It does not compress, since a decompressed
 * frame may be much larger, and it does not answer pings by itself, since a flood of pings would
 * cause a flood of pongs.
 */
export function boundedWebSockets({ rateLimited, ...options }: Options): WebSocketServer {
  class BoundedWebSocket extends WsSocket {
    override close(code?: number, reason?: string | Buffer): void {
      if (code === TOO_MANY_PARTS) super.close(rateLimited, 'Too many fragments.')
      else super.close(code, reason)
    }
  }
  const all = {
    ...options,
    noServer: true,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: true,
    WebSocket: BoundedWebSocket,
  }
  return new WebSocketServer(all)
}

/**
 * Stops reading from a socket that was closed for flooding, so that TCP holds the flood back.
 * Otherwise the server would parse all frames that the peer sends until it answers the close.
 */
export function stopReading(socket: WebSocket): void {
  if (socket.isPaused) return
  socket.pause()
  terminateSoon(socket)
}

/** Terminates a closed socket after a second, whether or not its peer has answered. */
export function terminateSoon(socket: WebSocket): void {
  setTimeout(() => socket.terminate(), LINGER_MS)
}

import { type WebSocket, WebSocketServer, WebSocket as WsSocket } from 'ws'

/** No client of ours splits a frame; whoever does, sends it in a few pieces. */
const MAX_FRAGMENTS = 8
/**
 * TCP segments that one unfinished frame may arrive in: each is a buffer that is kept until the
 * frame is whole.
 */
const MAX_BUFFERED_CHUNKS = 256
/** ws closes with this when a frame has more fragments, or chunks, than it may have. */
const TOO_MANY_PARTS = 1_008
/**
 * How long a socket that was closed may take to read its close frame before the connection is cut.
 */
const LINGER_MS = 1_000

interface Options {
  readonly maxPayload: number
  /** Milliseconds a peer has to answer a close before its socket is cut. */
  readonly closeTimeout: number
  /** The code that a flood is closed with. A frame in too many fragments is one. */
  readonly rateLimited: number
}

/**
 * A WebSocket server whose sockets cost no more than their frames: nothing is compressed, and no
 * ping answered unasked.
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
 * Reads no more of a socket that was closed for flooding: TCP then holds the flood back. Reading on
 * until the peer answers the close would parse as many frames as it can send until then.
 */
export function stopReading(socket: WebSocket): void {
  if (socket.isPaused) return
  socket.pause()
  cutSoon(socket)
}

/** Gives the peer of a closed socket a moment to answer, and no time to flood. */
export function cutSoon(socket: WebSocket): void {
  setTimeout(() => socket.terminate(), LINGER_MS)
}

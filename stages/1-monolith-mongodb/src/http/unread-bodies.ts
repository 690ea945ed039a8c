import type { Duplex } from 'node:stream'
import type { RequestHandler } from 'express'

/**
 * Limits for reading the rest of a request's body after its answer. The bytes exceed what the
 * kernels at both ends buffer, about 10 MB. A client that has handed its whole body to its kernel
 * uses the connection again, and would find it reset.
 */
const LINGER_MS = 3_000
const LINGER_BYTES = 16 * 1_024 * 1_024
const CHECK_INTERVAL_MS = 50

export interface UnreadBodies {
  readonly close: RequestHandler
  /** Whether a request on this socket was answered before it arrived in full. */
  isAnswered(socket: Duplex): boolean
}

/**
 * Limits how long the rest of a body is read after its request was answered. Node would read and
 * drop a body of any length. Closing the connection at once would reset it, and the client might
 * lose the answer.
 */
export function unreadBodies(): UnreadBodies {
  const answered = new WeakSet<Duplex>()
  return {
    close(request, response, next) {
      response.once('finish', () => {
        if (request.complete) return
        const { socket } = request
        answered.add(socket)
        const [until, most] = [Date.now() + LINGER_MS, socket.bytesRead + LINGER_BYTES]
        const timer = setInterval(() => {
          const over = Date.now() >= until || socket.bytesRead > most
          if (over && !request.complete) socket.destroy()
          if (request.complete) answered.delete(socket)
          if (over || request.complete || socket.destroyed) clearInterval(timer)
        }, CHECK_INTERVAL_MS)
      })
      next()
    },
    isAnswered: (socket) => answered.has(socket),
  }
}

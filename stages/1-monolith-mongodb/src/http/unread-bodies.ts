import type { Duplex } from 'node:stream'
import type { RequestHandler } from 'express'

/** After its answer, the stage reads the rest of a request's body within these limits. */
const LINGER_MS = 1_000
const LINGER_BYTES = 512 * 1_024
const LOOK_EVERY_MS = 50

export interface UnreadBodies {
  readonly close: RequestHandler
  /** The request on this socket was answered, and the rest of it is still to come. */
  isAnswered(socket: Duplex): boolean
}

/**
 * Ends the connection of a request that was answered before its body had come, unless the rest
 * comes soon. Node would read and drop it however long it is, and closing at once would reset the
 * connection before the client has read the answer.
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
        }, LOOK_EVERY_MS)
      })
      next()
    },
    isAnswered: (socket) => answered.has(socket),
  }
}

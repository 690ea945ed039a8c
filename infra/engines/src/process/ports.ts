import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { CodedError } from '@threshold/kit/errors'

/**
 * Engines listen below 32768: from there on Linux takes the local ports of outgoing connections,
 * and one of those may sit on a port just when a killed engine wants it back.
 */
export const LOWEST_PORT = 20_000
export const HIGHEST_PORT = 32_000
const TRIES = 200

export const LOOPBACK = '127.0.0.1'

/**
 * A port nobody listens on now and that is not in `taken`. Whoever binds it must still be ready to
 * lose the race.
 */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT)
    if (!taken.has(port) && (await isPortFree(port))) return port
  }
  throw new CodedError(
    'NO_FREE_PORT',
    `no free port found between ${LOWEST_PORT} and ${HIGHEST_PORT}`,
    { next: 'npx threshold reset' },
  )
}

export const isPortFree = async (port: number): Promise<boolean> =>
  (await listenError(port)) === undefined

/**
 * The code of the error that listening there would meet now, `EADDRINUSE` for instance; undefined
 * for none.
 */
export async function listenError(port: number, host = LOOPBACK): Promise<string | undefined> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ port, host, exclusive: true }, () => resolve(undefined))
  const code = await promise
  if (code === undefined) await new Promise((closed) => server.close(closed))
  return code
}

export async function isListening(
  port: number,
  host = LOOPBACK,
  timeoutMs = 500,
): Promise<boolean> {
  const socket = connect({ port, host })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.setTimeout(timeoutMs, () => resolve(false))
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

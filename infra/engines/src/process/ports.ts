import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { CodedError } from '@threshold/kit/errors'

/**
 * Engines listen below 32768. Linux gives outgoing connections local ports from there on, and one
 * of them could occupy the port of a killed engine when the engine restarts.
 */
export const LOWEST_PORT = 20_000
export const HIGHEST_PORT = 32_000
const TRIES = 200

export const LOOPBACK = '127.0.0.1'

/**
 * A port on which no process listens now and which is not in `taken`. Another process may still
 * bind it first. get-port would fall back to a port above 32768 if all are taken.
 */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT)
    if (!taken.has(port) && (await isPortFree(port))) return port
  }
  throw new CodedError(
    'NO_FREE_PORT',
    `found no free port between ${LOWEST_PORT} and ${HIGHEST_PORT} in ${TRIES} tries`,
    { next: 'npx threshold reset' },
  )
}

export const isPortFree = async (port: number): Promise<boolean> =>
  (await listenError(port)) === undefined

/**
 * The error code that listening on the port gives now, such as `EADDRINUSE`; undefined for none.
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

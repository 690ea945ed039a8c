import { connect } from 'node:net'

const ANSWER_MS = 10_000

/**
 * One connection's result: the status of the first answer, and whether the stage ended the
 * connection.
 */
export interface RawAnswer {
  readonly status: number | undefined
  readonly closed: boolean
}

/**
 * Sends the head of a request and nothing behind it, as no HTTP client does, and waits for an
 * answer; on demand for the end as well.
 */
export function sendHead(
  baseUrl: string,
  requestLine: string,
  headers: Readonly<Record<string, string>>,
  { untilClosed = false } = {},
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(baseUrl)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
  const { promise, resolve } = Promise.withResolvers<RawAnswer>()
  let text = ''
  const answer = (closed: boolean): void => {
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? []
    resolve({ status: status === undefined ? undefined : Number(status), closed })
    socket.destroy()
  }
  socket.setTimeout(ANSWER_MS, () => answer(false))
  socket.on('error', () => {}) // its end is what is told
  socket.on('close', () => answer(true))
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (!untilClosed && text.includes('\r\n\r\n')) answer(false)
  })
  socket.write(`${[requestLine, ...lines].join('\r\n')}\r\n\r\n`)
  return promise
}

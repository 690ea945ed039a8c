import { connect } from 'node:net'

const RESPONSE_TIMEOUT_MS = 10_000

export interface RawResponse {
  /** The status of the first response, if one came. */
  readonly status: number | undefined
  /** Whether the stage closed the connection. */
  readonly closed: boolean
}

/**
 * Sends the head of a request without its body, which no HTTP client does. Resolves with the
 * response, or with `untilClosed` when the stage closes the connection.
 */
export function sendHead(
  baseUrl: string,
  requestLine: string,
  headers: Readonly<Record<string, string>>,
  { untilClosed = false } = {},
): Promise<RawResponse> {
  const { hostname, port, host } = new URL(baseUrl)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
  const { promise, resolve } = Promise.withResolvers<RawResponse>()
  let text = ''
  const finish = (closed: boolean): void => {
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? []
    resolve({ status: status === undefined ? undefined : Number(status), closed })
    socket.destroy()
  }
  socket.setTimeout(RESPONSE_TIMEOUT_MS, () => finish(false))
  socket.on('error', () => {}) // followed by 'close'
  socket.on('close', () => finish(true))
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (!untilClosed && text.includes('\r\n\r\n')) finish(false)
  })
  socket.write(`${[requestLine, ...lines].join('\r\n')}\r\n\r\n`)
  return promise
}

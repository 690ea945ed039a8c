import { Agent, request } from 'node:http'
import { expect } from 'vitest'

/** Sent byte for byte: no client's courtesy between the test and the stage. */
export interface Sending {
  readonly method: string
  /** As it goes on the wire, escaped or not. */
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

/**
 * Longer than the stage takes for any request, by its own budget of 5 s; beyond it the request
 * counts as hanging.
 */
const HANGS_MS = 20_000

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

export function send(base: string, { method, path, headers = {}, body }: Sending): Promise<Answer> {
  const { hostname, port } = new URL(base)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // Node frames no body of a GET or DELETE by itself.
  const framed =
    body === undefined ? headers : { 'content-length': String(Buffer.byteLength(body)), ...headers }
  const sending = request(
    { hostname, port, method, path, headers: framed, agent, timeout: HANGS_MS },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    },
  )
  sending.on('timeout', () =>
    sending.destroy(new Error(`${method} ${path} was not answered within ${HANGS_MS} ms`)),
  )
  sending.on('error', reject)
  sending.end(body)
  return promise
}

/** With a token, and JSON unless the body is bytes already. */
export const as =
  (base: string, token: string) =>
  (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    send(base, {
      method,
      path: `/api/v10${path}`,
      headers: {
        authorization: `Bot ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
          }),
    })

/**
 * What an answer may be, whatever was asked: never the server's fault, and a refusal in Discord's
 * shape.
 */
export function isProper({ status, headers, text }: Answer, asked: unknown): void {
  const context = `${JSON.stringify(asked)?.slice(0, 2_000)} was answered ${status} ${text.slice(0, 500)}`
  expect(status, context).toBeGreaterThanOrEqual(200)
  expect(status, context).toBeLessThan(500)
  if (status === 204) {
    expect(text, context).toBe('')
    return
  }
  expect(headers['content-type'], context).toBe('application/json')
  const body = JSON.parse(text)
  if (status < 400) return
  expect(body, context).toMatchObject(
    status === 429
      ? {
          message: expect.any(String),
          retry_after: expect.any(Number),
          global: expect.any(Boolean),
        }
      : { message: expect.any(String), code: expect.any(Number) },
  )
}

/** What the stage counts of itself, as an operator reads it. */
export async function metric(base: string, name: string): Promise<number> {
  const { text } = await send(base, { method: 'GET', path: '/metrics' })
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
}

/** Bytes that the stage's process holds. */
export const memory = (base: string): Promise<number> =>
  metric(base, 'process_resident_memory_bytes')

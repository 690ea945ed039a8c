import { Agent, request } from 'node:http'
import { expect } from 'vitest'

/** A request that is sent as it is, without the corrections of a client library. */
export interface RawRequest {
  readonly method: string
  /** Sent unchanged, escaped or not. */
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

/** A request that takes longer counts as hanging. The stage's own budget for a request is 5 s. */
const HANGS_MS = 20_000

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

export function send(
  base: string,
  { method, path, headers = {}, body }: RawRequest,
): Promise<Answer> {
  const { hostname, port } = new URL(base)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // Node sends no Content-Length for a GET or DELETE by itself.
  const framed =
    body === undefined ? headers : { 'content-length': String(Buffer.byteLength(body)), ...headers }
  const outgoing = request(
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
  outgoing.on('timeout', () =>
    outgoing.destroy(new Error(`${method} ${path} was not answered within ${HANGS_MS} ms`)),
  )
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

/** Sends API requests with a user's token. A body that is no text or bytes is sent as JSON. */
export const apiAs =
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
 * Checks what holds for the answer to any request: it is no server error, and an error has
 * Discord's shape.
 */
export function expectValidAnswer({ status, headers, text }: Answer, request: unknown): void {
  const context = `${JSON.stringify(request)?.slice(0, 2_000)} was answered ${status} ${text.slice(0, 500)}`
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

/** A metric of the stage, read from `/metrics`. */
export async function metric(base: string, name: string): Promise<number> {
  const { text } = await send(base, { method: 'GET', path: '/metrics' })
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
}

/** Resident memory of the stage's process, in bytes. */
export const residentMemory = (base: string): Promise<number> =>
  metric(base, 'process_resident_memory_bytes')

import { expectEqual, expectTrue, format } from './expect.ts'
import { validateResponse } from './schema/validate.ts'
import type { Transcript } from './transcript.ts'

export interface ApiResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body, or undefined if it is not JSON. */
  readonly body: unknown
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces `/api/v10`. */
  readonly prefix?: string
  /** Sends ids as bare JSON numbers, as discord.py does. */
  readonly bareIds?: boolean
  /** Bytes to send unchanged in place of a JSON body. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
}

/** An error that the stage must answer with. */
export interface ExpectedError {
  readonly status: number
  readonly code: number
  /** A path in `errors` that must hold an error, such as `content` or `embeds.0.title`. */
  readonly field?: string
  /** The code that one of the field's errors must have. */
  readonly fieldCode?: string
}

const RESPONSE_TIMEOUT_MS = 30_000
const MAX_RETRIES = 2

/** One user's access to the REST API. It is plain `fetch`: no library can hide a deviation. */
export class ApiClient {
  readonly #baseUrl: string
  readonly #label: string
  readonly #authorization: string | undefined
  readonly #transcript: Transcript
  readonly #signal: AbortSignal
  readonly #covered: Set<string> | undefined

  constructor(
    baseUrl: string,
    label: string,
    authorization: string | undefined,
    {
      transcript,
      signal,
      covered,
    }: { transcript: Transcript; signal: AbortSignal; covered?: Set<string> | undefined },
  ) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '')
    this.#label = label
    this.#authorization = authorization
    this.#transcript = transcript
    this.#signal = signal
    this.#covered = covered
  }

  /** Sends a request and returns whatever the stage answers. */
  async request(
    method: Method,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<ApiResponse> {
    const url = `${this.#baseUrl}${options.prefix ?? '/api/v10'}${path}`
    const json = body === undefined ? undefined : JSON.stringify(body)
    const sent = options.raw ?? (json && options.bareIds ? unquoteIds(json) : json)
    const fetched = await fetch(url, {
      method,
      headers: {
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(RESPONSE_TIMEOUT_MS)]),
    }).catch((cause: unknown) => {
      throw new Error(`${method} ${path} got no answer: ${String((cause as Error).cause ?? cause)}`)
    })
    const text = await fetched.text()
    const shown =
      sent === undefined ? '' : ` ${typeof sent === 'string' ? sent : `(${sent.length} bytes)`}`
    this.#transcript.record(
      this.#label,
      `${method} ${options.prefix ?? ''}${path}${shown} → ${fetched.status} ${text}`,
    )
    const response = {
      status: fetched.status,
      headers: fetched.headers,
      text,
      body: parseJson(text),
    }
    // An operator's routes, such as /healthz, are not part of Discord's API.
    if (/^\/(api|workshop)\//.test(new URL(url).pathname)) this.#expectValid(method, path, response)
    return response
  }

  /** Validates every JSON response of every case against the schema of its route. */
  #expectValid(method: Method, path: string, { status, headers, body }: ApiResponse): void {
    if (!headers.get('content-type')?.startsWith('application/json')) return
    const errors = validateResponse(method, path, status, body, this.#covered)
    expectTrue(
      errors === undefined,
      `${method} ${path} → ${status} does not match its schema:\n${errors}`,
      body,
    )
  }

  /** Sends a request that must succeed and returns its body. */
  async requestOk<T>(
    method: Method,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<T> {
    let response = await this.request(method, path, body, options)
    // A busy stage answers 503 with Retry-After, and client libraries retry. A stage that keeps
    // answering 503 fails the case.
    for (let retries = 0; response.status === 503 && retries < MAX_RETRIES; retries++) {
      const seconds = Number(response.headers.get('retry-after') ?? 1)
      await new Promise((resolve) => setTimeout(resolve, 1_000 * seconds))
      response = await this.request(method, path, body, options)
    }
    expectTrue(response.status >= 200 && response.status < 300, `${method} ${path} succeeds`, {
      status: response.status,
      body: response.body,
    })
    return response.body as T
  }

  get = <T>(path: string): Promise<T> => this.requestOk('GET', path)
  post = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('POST', path, body, options)
  patch = <T>(path: string, body: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('PATCH', path, body, options)
  put = <T = void>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('PUT', path, body, options)
  delete = <T = void>(path: string): Promise<T> => this.requestOk('DELETE', path)

  /** Sends a request that must be answered with this error. */
  async expectError(
    error: ExpectedError,
    method: Method,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<ApiResponse> {
    const response = await this.request(method, path, body, options)
    expectError(response, error, `${method} ${path}`)
    return response
  }

  /** Sends a request that must be answered 204 without a body. */
  async expectNoContent(method: Method, path: string, body?: unknown): Promise<void> {
    const { status, text } = await this.request(method, path, body)
    expectEqual({ status, text }, { status: 204, text: '' }, `${method} ${path} answers 204`)
  }
}

/** Expects an error response of Discord's shape with this status, code and field. */
export function expectError(
  response: ApiResponse,
  { status, code, field, fieldCode }: ExpectedError,
  subject: string,
): void {
  const body = response.body as { code?: unknown; message?: unknown; errors?: unknown } | undefined
  expectEqual(
    { status: response.status, code: body?.code },
    { status, code },
    `${subject} is refused (${response.text.slice(0, 300)})`,
  )
  expectTrue(
    typeof body?.message === 'string' && body.message.length > 0,
    `${subject}: the error has a message`,
    body,
  )
  if (field === undefined) return
  const errors = field
    .split('.')
    .reduce<unknown>(
      (node, key) => (node as Record<string, unknown> | undefined)?.[key],
      body.errors,
    )
  const list = (errors as { _errors?: { code?: unknown; message?: unknown }[] } | undefined)
    ?._errors
  expectTrue(
    Array.isArray(list) && list.length > 0,
    `${subject}: errors.${field}._errors names what is wrong (${format(body)})`,
  )
  for (const each of list)
    expectTrue(
      typeof each.code === 'string' && typeof each.message === 'string',
      `${subject}: each field error has a code and a message`,
      list,
    )
  if (fieldCode !== undefined)
    expectTrue(
      list.some((each) => each.code === fieldCode),
      `${subject}: errors.${field} has the code ${fieldCode}`,
      list,
    )
}

/** Removes the quotes around ids in a JSON text. */
export const unquoteIds = (json: string): string => json.replace(/"([0-9]{15,20})"/g, '$1')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const NO_ACCESS: ExpectedError = { status: 403, code: 50001 }
export const NO_PERMISSION: ExpectedError = { status: 403, code: 50013 }
export const NOT_IN_VOICE: ExpectedError = { status: 400, code: 40032 }
export const UNKNOWN_CHANNEL: ExpectedError = { status: 404, code: 10003 }
export const UNKNOWN_GUILD: ExpectedError = { status: 404, code: 10004 }
export const UNKNOWN_INVITE: ExpectedError = { status: 404, code: 10006 }
export const UNKNOWN_MEMBER: ExpectedError = { status: 404, code: 10007 }
export const UNKNOWN_MESSAGE: ExpectedError = { status: 404, code: 10008 }
export const UNKNOWN_ROLE: ExpectedError = { status: 404, code: 10011 }
export const UNKNOWN_USER: ExpectedError = { status: 404, code: 10013 }
export const UNAUTHORIZED: ExpectedError = { status: 401, code: 0 }
export const NOT_FOUND: ExpectedError = { status: 404, code: 0 }
export const EMPTY_MESSAGE: ExpectedError = { status: 400, code: 50006 }
export const MALFORMED_JSON: ExpectedError = { status: 400, code: 50109 }
/** An invalid form, optionally with an error at this field. */
export const invalid = (field?: string, fieldCode?: string): ExpectedError => ({
  status: 400,
  code: 50035,
  ...(field === undefined ? {} : { field }),
  ...(fieldCode === undefined ? {} : { fieldCode }),
})

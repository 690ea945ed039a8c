import { expectEqual, expectTrue, format } from './expect.ts'
import { validateResponse } from './schema/validate.ts'
import type { Transcript } from './transcript.ts'

export interface ApiResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed where it is JSON. */
  readonly body: unknown
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of `/api/v10`. */
  readonly prefix?: string
  /** Sends ids as bare JSON numbers, as discord.py does. */
  readonly bareIds?: boolean
  /** Bytes as they are, instead of a body. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
}

/** What a refusal must say. */
export interface ExpectedError {
  readonly status: number
  readonly code: number
  /**
   * The path of a field in `errors`, such as `content` or `embeds.0.title`, and what code it
   * carries.
   */
  readonly field?: string
  readonly fieldCode?: string
}

const ANSWER_MS = 30_000

/** One user's way to the stage's REST API, with nothing between a case and the wire. */
export class ApiClient {
  readonly #base: string
  readonly #who: string
  readonly #authorization: string | undefined
  readonly #journal: Transcript
  readonly #over: AbortSignal
  readonly #seen: Set<string> | undefined

  constructor(
    base: string,
    who: string,
    authorization: string | undefined,
    {
      journal,
      over,
      seen,
    }: { journal: Transcript; over: AbortSignal; seen?: Set<string> | undefined },
  ) {
    this.#base = base.replace(/\/+$/, '')
    this.#who = who
    this.#authorization = authorization
    this.#journal = journal
    this.#over = over
    this.#seen = seen
  }

  async request(
    method: Method,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<ApiResponse> {
    const url = `${this.#base}${options.prefix ?? '/api/v10'}${path}`
    const json =
      body === undefined
        ? undefined
        : options.bareIds
          ? unquoteIds(JSON.stringify(body))
          : JSON.stringify(body)
    const sent = options.raw ?? json
    const response = await fetch(url, {
      method,
      headers: {
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
      signal: AbortSignal.any([this.#over, AbortSignal.timeout(ANSWER_MS)]),
    }).catch((cause: unknown) => {
      throw new Error(
        `${method} ${path} was not answered: ${String((cause as Error).cause ?? cause)}`,
      )
    })
    const text = await response.text()
    const shown =
      sent === undefined ? '' : ` ${typeof sent === 'string' ? sent : `(${sent.length} bytes)`}`
    this.#journal.record(
      this.#who,
      `${method} ${options.prefix ?? ''}${path}${shown} → ${response.status} ${text}`,
    )
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: parseJson(text),
    }
    // An operator's routes, such as /healthz, are not Discord's API.
    if (/^\/(api|workshop)\//.test(new URL(url).pathname)) this.#holdToSchema(method, path, answer)
    return answer
  }

  /** Every JSON answer in every case is held against the schema of its route. */
  #holdToSchema(method: Method, path: string, { status, headers, body }: ApiResponse): void {
    if (!headers.get('content-type')?.startsWith('application/json')) return
    const faults = validateResponse(method, path, status, body, this.#seen)
    expectTrue(
      faults === undefined,
      `${method} ${path} → ${status} is not as its schema says:\n${faults}`,
      body,
    )
  }

  /** The body of an answer that must be a success. */
  async requestOk<T>(
    method: Method,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<T> {
    let answer = await this.request(method, path, body, options)
    // A stage that cannot just now says when to come back, and every client library does. On a busy
    // machine that is no flaw; a stage that goes on saying it is one.
    for (let again = 0; answer.status === 503 && again < 2; again++) {
      await new Promise((resolve) =>
        setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after') ?? 1)),
      )
      answer = await this.request(method, path, body, options)
    }
    expectTrue(answer.status >= 200 && answer.status < 300, `${method} ${path} succeeds`, {
      status: answer.status,
      body: answer.body,
    })
    return answer.body as T
  }

  get = <T>(path: string): Promise<T> => this.requestOk('GET', path)
  post = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('POST', path, body, options)
  patch = <T>(path: string, body: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('PATCH', path, body, options)
  put = <T = void>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    this.requestOk('PUT', path, body, options)
  delete = <T = void>(path: string): Promise<T> => this.requestOk('DELETE', path)

  /** What must be refused, and how. */
  async expectError(
    refusal: ExpectedError,
    method: Method,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<ApiResponse> {
    const answer = await this.request(method, path, body, options)
    expectError(answer, refusal, `${method} ${path}`)
    return answer
  }

  /** What must be answered with a status and no body. */
  async expectNoContent(method: Method, path: string, body?: unknown): Promise<void> {
    const answer = await this.request(method, path, body)
    expectEqual(
      { status: answer.status, text: answer.text },
      { status: 204, text: '' },
      `${method} ${path} is answered 204`,
    )
  }
}

export function expectError(
  answer: ApiResponse,
  { status, code, field, fieldCode }: ExpectedError,
  what: string,
): void {
  const body = answer.body as { code?: unknown; message?: unknown; errors?: unknown } | undefined
  expectEqual(
    { status: answer.status, code: body?.code },
    { status, code },
    `${what} is refused (${answer.text.slice(0, 300)})`,
  )
  expectTrue(
    typeof body?.message === 'string' && body.message.length > 0,
    `${what}: a refusal has a message`,
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
    `${what}: errors.${field}._errors names what is wrong (${format(body)})`,
  )
  for (const each of list)
    expectTrue(
      typeof each.code === 'string' && typeof each.message === 'string',
      `${what}: each error has a code and a message`,
      list,
    )
  if (fieldCode !== undefined)
    expectTrue(
      list.some((each) => each.code === fieldCode),
      `${what}: errors.${field} says ${fieldCode}`,
      list,
    )
}

/** Ids without their quotes. */
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
export const UNKNOWN_MESSAGE: ExpectedError = { status: 404, code: 10008 }
export const UNKNOWN_ROLE: ExpectedError = { status: 404, code: 10011 }
export const UNKNOWN_USER: ExpectedError = { status: 404, code: 10013 }
export const UNAUTHORIZED: ExpectedError = { status: 401, code: 0 }
export const NOT_FOUND: ExpectedError = { status: 404, code: 0 }
export const EMPTY: ExpectedError = { status: 400, code: 50006 }
export const MALFORMED: ExpectedError = { status: 400, code: 50109 }
export const invalid = (field?: string, fieldCode?: string): ExpectedError => ({
  status: 400,
  code: 50035,
  ...(field === undefined ? {} : { field }),
  ...(fieldCode === undefined ? {} : { fieldCode }),
})

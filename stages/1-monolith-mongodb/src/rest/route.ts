import {
  ApiError,
  formErrors,
  invalidField,
  isSnowflake,
  refuse,
  type UserId,
  writeJson,
} from '@threshold/contract'
import {
  CodedError,
  type Deadline,
  deadlineAfter,
  hasCode,
  messageOf,
  type Runtime,
} from '@threshold/kit'
import type { NextFunction, Request, RequestHandler, Response, Router } from 'express'
import type { z } from 'zod'
import type { GatewayUrl } from '../http/public-address.ts'
import type { Admission } from './admission.ts'
import { parseBody, type ReadBody } from './body.ts'

/**
 * A request as a handler sees it, without Express: an authenticated user, checked ids, a parsed
 * body and a deadline.
 */
export interface ApiRequest {
  readonly userId: UserId
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
  /** Where this client's sockets go. */
  readonly gatewayUrl: string
  readonly deadline: Deadline
}

/** The part of a request that may be kept after its answer: neither the body nor the socket. */
export type Requester = Pick<ApiRequest, 'userId' | 'deadline'>

/**
 * A class, since V8 gives each object literal with a getter its own hidden class, which keeps the
 * request alive until a full garbage collection.
 */
class ExpressApiRequest implements ApiRequest {
  readonly userId: UserId
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly deadline: Deadline
  readonly #guards: RouteGuards
  readonly #request: Request

  constructor(request: Request, userId: UserId, deadline: Deadline, guards: RouteGuards) {
    this.userId = userId
    this.params = idsOf(request.params as Record<string, string>)
    this.query = request.query
    this.deadline = deadline
    this.#request = request
    this.#guards = guards
  }

  get gatewayUrl(): string {
    return this.#guards.gatewayUrl(this.#request)
  }

  /** Parsed, or refused, when the handler reads it. */
  get body(): unknown {
    return parseBody(this.#request)
  }
}

/**
 * What a handler resolves with: a value is 200 with a body, undefined 204, and `answer` says its
 * own status.
 */
export type Handler = (request: ApiRequest) => Promise<unknown>

class StatusResponse {
  readonly status: number
  readonly body: unknown
  constructor(status: number, body: unknown) {
    this.status = status
    this.body = body
  }
}
export const created = (body: unknown): StatusResponse => new StatusResponse(201, body)

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** Adds a route; `action` names it in metrics and traces. */
export type AddRoute = (
  method: Method,
  path: string,
  action: string,
  handler: Handler,
  options?: { anonymous?: boolean },
) => void

/**
 * Checks input against a schema, or refuses with the contract's 50035 and what is wrong with each
 * field.
 */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { reportInput: true })
  if (result.success) return result.data
  throw refuse.invalidForm(formErrors(result.error))
}

/** The fields that a body set: a patch changes those and no other. */
export const definedFields = <T extends object>(
  fields: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

export interface RouteGuards {
  readonly identify: (request: Request) => UserId
  /** The sender is a user, or for a route without a token an address. */
  readonly limit: (
    sender: string,
    action: string,
    request: Request,
    response: Response,
  ) => Promise<void>
  readonly readBody: ReadBody
  readonly gatewayUrl: GatewayUrl
  /** Milliseconds a request may take, all in. */
  readonly budgetMs: number
  /** Apart from each other: a store that no longer takes writes may still answer reads. */
  readonly admission: { readonly reads: Admission; readonly writes: Admission }
}

export function routeAdder(router: Router, guards: RouteGuards, runtime: Runtime): AddRoute {
  return (method, path, action, handler, options = {}) => {
    const { run: admit } = guards.admission[method === 'get' ? 'reads' : 'writes']
    const run: RequestHandler = async (request, response) => {
      const userId = options.anonymous ? '' : guards.identify(request)
      const sender = userId === '' ? (request.socket.remoteAddress ?? '') : userId
      await guards.limit(sender, action, request, response)
      // After the token and the rate: a stranger's body is not read.
      await guards.readBody(request, response, sender)
      const deadline = deadlineAfter(guards.budgetMs, runtime.clock)
      const apiRequest = new ExpressApiRequest(request, userId, deadline, guards)
      const result = await runtime.telemetry.action(action, {}, () =>
        admit(deadline, () => handler(apiRequest)),
      )
      if (result instanceof StatusResponse) sendJson(response, result.status, result.body)
      else sendJson(response, result === undefined ? 204 : 200, result)
    }
    router[method](path, run)
  }
}

/** Every `:id` of a path is a snowflake; other parameters are checked where they are used. */
const FREE = new Set(['emoji', 'code'])

/** As Discord names the parameters of its paths. */
const fieldOf = (parameter: string): string =>
  parameter === 'target'
    ? 'overwrite_id'
    : parameter.endsWith('_id')
      ? parameter
      : `${parameter}_id`

function idsOf(params: Record<string, string>): Record<string, string> {
  const ids: Record<string, string> = {}
  for (const [name, value] of Object.entries(params)) {
    if (!FREE.has(name) && !isSnowflake(value))
      throw invalidField(
        fieldOf(name),
        'NUMBER_TYPE_COERCE',
        `Value ${JSON.stringify(value.slice(0, 40))} is not snowflake.`,
      )
    ids[name] = FREE.has(name) ? value : BigInt(value).toString()
  }
  return ids
}

/**
 * Exactly `application/json`: Express would add a charset, and then oceanic.js takes the body for
 * text.
 */
export function sendJson(response: Response, status: number, body: unknown): void {
  if (response.headersSent) return
  response.statusCode = status
  if (body === undefined) {
    response.end()
    return
  }
  const bytes = Buffer.from(writeJson(body))
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes)
}

/**
 * Codes of failures that pass by themselves: 503 with `Retry-After`, and one line in the log
 * without a stack.
 */
const TRY_AGAIN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CLOCK_BEHIND'] as const

/**
 * In an outage every request fails for one reason, which one line a second tells as well as a
 * thousand.
 */
const LOG_EVERY_MS = 1_000

/**
 * The last middleware: whatever was thrown becomes an answer of the contract, and only the
 * unexpected is logged.
 */
export function errorHandler({ log }: Pick<Runtime, 'log'>) {
  let loggedAt = Number.NEGATIVE_INFINITY
  let passedOver = 0

  function logPassing(error: CodedError, where: object): void {
    if (performance.now() - loggedAt < LOG_EVERY_MS) {
      passedOver += 1
      return
    }
    const cause = error.cause === undefined ? {} : { cause: messageOf(error.cause) }
    log.warn({ err: messageOf(error), ...cause, ...where, passedOver }, 'a request failed')
    loggedAt = performance.now()
    passedOver = 0
  }

  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const answer = asApiError(error)
    if (answer.status >= 500 && !(error instanceof ApiError)) {
      const where = { method: request.method, route: request.route?.path }
      if (hasCode(error, ...TRY_AGAIN)) logPassing(error, where)
      else log.error({ err: error, ...where }, 'a request failed')
    }
    if (answer.retryAfter !== undefined)
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil(answer.retryAfter))))
    if (answer.status === 429) {
      // Discord stands behind a proxy that says so. A 429 without it is for discord.py and JDA one
      // of somebody else's, which they raise instead of waiting.
      response.setHeader('Via', '1.1 threshold')
      sendJson(response, 429, { ...answer.toJSON(), global: false })
    } else sendJson(response, answer.status, answer)
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (hasCode(error, 'TOO_LARGE')) return refuse.tooLarge()
  if (error instanceof CodedError)
    return hasCode(error, ...TRY_AGAIN)
      ? refuse.unavailable((error.retryAfterMs ?? 1_000) / 1_000)
      : internal()
  const { type, status } = error as { type?: string; status?: number }
  if (type === 'entity.too.large') return refuse.tooLarge()
  // Whatever else Express finds wrong with a request: a bad escape in the path, an unknown
  // encoding, a body cut short.
  if (status !== undefined && status >= 400 && status < 500)
    return status === 415 ? refuse.unsupportedMedia() : refuse.malformedRequest()
  return internal()
}

const internal = (): ApiError => new ApiError(500, 0, '500: Internal Server Error')

import { formErrors, invalidField, isSnowflake, refuse, type UserId } from '@threshold/contract'
import { type Deadline, deadlineAfter, type Runtime } from '@threshold/kit'
import type { Request, RequestHandler, Response, Router } from 'express'
import type { z } from 'zod'
import type { GatewayUrl } from '../http/public-address.ts'
import type { Admission } from './admission.ts'
import { parseBody, type ReadBody } from './body.ts'
import { sendJson } from './respond.ts'

/**
 * A request as a handler sees it, without Express: an authenticated user, checked ids, a parsed
 * body and a deadline.
 */
export interface ApiRequest {
  /** The user whose token came with the request; empty for an anonymous route. */
  readonly userId: UserId
  /** The parameters of the path. All but emoji and codes are valid snowflakes. */
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
  /** The address that this client's gateway sockets connect to. */
  readonly gatewayUrl: string
  readonly deadline: Deadline
}

/** The part of a request that may be kept after its answer: neither the body nor the socket. */
export type Requester = Pick<ApiRequest, 'userId' | 'deadline'>

/**
 * This is a class, because V8 gives each object literal with a getter its own hidden class, which
 * keeps the request alive until a full garbage collection.
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
    this.params = parseIds(request.params as Record<string, string>)
    this.query = request.query
    this.deadline = deadline
    this.#request = request
    this.#guards = guards
  }

  get gatewayUrl(): string {
    return this.#guards.gatewayUrl(this.#request)
  }

  /** A getter, so that a handler that reads no body accepts any. See `parseBody`. */
  get body(): unknown {
    return parseBody(this.#request)
  }
}

/**
 * Resolves with the body of the answer: 200 for a value, 204 for undefined, 201 for `created`.
 * Refuses by throwing an `ApiError`.
 */
export type Handler = (request: ApiRequest) => Promise<unknown>

class Created {
  readonly body: unknown
  constructor(body: unknown) {
    this.body = body
  }
}
export const created = (body: unknown): Created => new Created(body)

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** Adds a route. `action` names it in metrics, in traces and in the rate limit's bucket. */
export type AddRoute = (
  method: Method,
  path: string,
  action: string,
  handler: Handler,
  options?: { anonymous?: boolean },
) => void

/**
 * Checks input against a schema. Throws 50035 with an error for each bad field, as Discord does.
 */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { reportInput: true })
  if (result.success) return result.data
  throw refuse.invalidForm(formErrors(result.error))
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The fields that a body set. A patch changes those and no others. */
export const definedFields = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>

/** The checks that every request passes before its handler runs. */
export interface RouteGuards {
  /** Verifies the token without a read. Throws 401. */
  readonly identify: (request: Request) => UserId
  /** Counts the request and throws 429. The sender is a user, or an address without a token. */
  readonly limit: (
    sender: string,
    action: string,
    request: Request,
    response: Response,
  ) => Promise<void>
  readonly readBody: ReadBody
  readonly gatewayUrl: GatewayUrl
  /** Milliseconds that a request may take, from its body to its answer. */
  readonly budgetMs: number
  /** Reads and writes apart: a store that no longer takes writes may still answer reads. */
  readonly admission: { readonly reads: Admission; readonly writes: Admission }
}

/**
 * Adds routes to a router. Each request is identified, rate-limited, read and admitted, in this
 * order: the checks that cost the least and refuse the most come first.
 */
export function routeAdder(router: Router, guards: RouteGuards, runtime: Runtime): AddRoute {
  return (method, path, action, handler, options = {}) => {
    const { run: admit } = guards.admission[method === 'get' ? 'reads' : 'writes']
    const handle: RequestHandler = async (request, response) => {
      const userId = options.anonymous ? '' : guards.identify(request)
      const sender = userId === '' ? (request.socket.remoteAddress ?? '') : userId
      await guards.limit(sender, action, request, response)
      // The body of a client without a token is never read.
      await guards.readBody(request, response, sender)
      const deadline = deadlineAfter(guards.budgetMs, runtime.clock)
      const apiRequest = new ExpressApiRequest(request, userId, deadline, guards)
      const result = await runtime.telemetry.action(action, {}, () =>
        admit(deadline, () => handler(apiRequest)),
      )
      if (result instanceof Created) sendJson(response, 201, result.body)
      else sendJson(response, result === undefined ? 204 : 200, result)
    }
    router[method](path, handle)
  }
}

/** All parameters of paths are snowflakes, except these. Their routes check them. */
const OTHER_PARAMETERS = new Set(['emoji', 'code'])

/** Throws 50035 for a parameter that is no snowflake. Removes leading zeros from the others. */
function parseIds(params: Record<string, string>): Record<string, string> {
  const ids: Record<string, string> = {}
  for (const [name, value] of Object.entries(params)) {
    if (OTHER_PARAMETERS.has(name)) {
      ids[name] = value
      continue
    }
    if (!isSnowflake(value))
      throw invalidField(
        fieldName(name),
        'NUMBER_TYPE_COERCE',
        `Value ${JSON.stringify(value.slice(0, 40))} is not snowflake.`,
      )
    ids[name] = BigInt(value).toString()
  }
  return ids
}

/** Discord's name of a path's parameter. */
function fieldName(parameter: string): string {
  if (parameter === 'target') return 'overwrite_id'
  return parameter.endsWith('_id') ? parameter : `${parameter}_id`
}

import { ApiError, refuse, writeJson } from '@threshold/contract'
import { CodedError, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { NextFunction, Request, Response } from 'express'

/**
 * Answers with a JSON body, or without a body for undefined. The content type is exactly
 * `application/json`: Express would add a charset, and oceanic.js would then take the body for
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

/** Codes of failures that pass by themselves. They are answered 503 with `Retry-After`. */
const TRANSIENT = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CLOCK_BEHIND'] as const

/** One line a second is enough, since all requests of an outage fail for one reason. */
const LOG_INTERVAL_MS = 1_000

/**
 * The last middleware. It turns every error into an answer of the contract. It logs failures of the
 * server: transient ones at most once a second and without a stack, all others each with its stack.
 */
export function errorHandler({ log }: Pick<Runtime, 'log'>) {
  let loggedAt = Number.NEGATIVE_INFINITY
  let notLogged = 0

  function logTransient(error: CodedError, where: object): void {
    if (performance.now() - loggedAt < LOG_INTERVAL_MS) {
      notLogged += 1
      return
    }
    const cause = error.cause === undefined ? {} : { cause: messageOf(error.cause) }
    log.warn({ err: messageOf(error), ...cause, ...where, notLogged }, 'a request failed')
    loggedAt = performance.now()
    notLogged = 0
  }

  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const answer = toApiError(error)
    if (answer.status >= 500 && !(error instanceof ApiError)) {
      const where = { method: request.method, route: request.route?.path }
      if (hasCode(error, ...TRANSIENT)) logTransient(error, where)
      else log.error({ err: error, ...where }, 'a request failed')
    }
    if (answer.retryAfter !== undefined)
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil(answer.retryAfter))))
    if (answer.status === 429) {
      // Discord's proxy sets `Via`. discord.py and JDA take a 429 without it for one from a third
      // party, and raise an error instead of waiting.
      response.setHeader('Via', '1.1 threshold')
      sendJson(response, 429, { ...answer.toJSON(), global: false })
    } else sendJson(response, answer.status, answer)
  }
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (hasCode(error, 'TOO_LARGE')) return refuse.tooLarge()
  if (error instanceof CodedError)
    return hasCode(error, ...TRANSIENT)
      ? refuse.unavailable((error.retryAfterMs ?? 1_000) / 1_000)
      : internalError()
  const { type, status } = error as { type?: string; status?: number }
  if (type === 'entity.too.large') return refuse.tooLarge()
  // Express found the request malformed: a bad escape in the path, an unknown content encoding, or
  // a body that ended early.
  if (status !== undefined && status >= 400 && status < 500)
    return status === 415 ? refuse.unsupportedMedia() : refuse.malformedRequest()
  return internalError()
}

const internalError = (): ApiError => new ApiError(500, 0, '500: Internal Server Error')

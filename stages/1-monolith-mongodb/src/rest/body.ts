import { invalidField, parseJson, refuse } from '@threshold/contract'
import express, { type Request, type Response } from 'express'

/** Bytes of one body. The largest message, 2,000 characters and ten embeds, takes a fraction. */
const MAX_BODY = 256 * 1_024
/** Bytes of bodies in memory: of all senders, and of one user or of one address without a token. */
const MAX_TOTAL = 64 * 1_024 * 1_024
const MAX_PER_SENDER = 4 * 1_024 * 1_024

/** Reads the body of a request into `request.body`. Resolves at once if there is none. */
export type ReadBody = (
  request: Request,
  response: Response,
  sender: string,
) => Promise<void> | undefined

/**
 * Reads bodies within a budget of memory. A body counts from its first byte until its answer has
 * left, by the size that its headers allow. A request over the budget is answered 503. Otherwise
 * 2,000 slow senders of 250 kB each could hold half a gigabyte.
 */
export function bodyReader(): ReadBody {
  const raw = express.raw({ type: () => true, limit: MAX_BODY })
  const budget = byteBudget()
  return (request, response, sender) => {
    const bytes = maxBodyBytes(request)
    if (bytes === 0) return undefined
    refuseFiles(request)
    if (bytes > MAX_BODY) throw refuse.tooLarge()
    budget.take(sender, bytes)
    response.once('close', () => budget.release(sender, bytes))
    if (request.headers.expect !== undefined) response.writeContinue()
    return new Promise((resolve, reject) => {
      raw(request, response, (error) => (error === undefined ? resolve() : reject(error)))
    })
  }
}

/** Files come as multipart. They are refused as an unsupported field, and not for their size. */
function refuseFiles({ headers }: Request): void {
  if (/^multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw invalidField(
      'files',
      'FIELD_UNSUPPORTED',
      'files are not supported by this server; send application/json.',
    )
}

/** An upper bound. A body that is chunked or compressed may be as large as the limit. */
function maxBodyBytes({ headers }: Request): number {
  if (headers['transfer-encoding'] !== undefined) return MAX_BODY
  const length = Number(headers['content-length'] ?? 0)
  return length > 0 && headers['content-encoding'] !== undefined
    ? Math.max(length, MAX_BODY)
    : length
}

function byteBudget() {
  let total = 0
  const bySender = new Map<string, number>()
  return {
    take(sender: string, bytes: number): void {
      const ofSender = (bySender.get(sender) ?? 0) + bytes
      if (total + bytes > MAX_TOTAL || ofSender > MAX_PER_SENDER) throw refuse.unavailable()
      total += bytes
      bySender.set(sender, ofSender)
    },
    release(sender: string, bytes: number): void {
      total -= bytes
      const left = (bySender.get(sender) ?? 0) - bytes
      if (left > 0) bySender.set(sender, left)
      else bySender.delete(sender)
    },
  }
}

const isJson = (type: string): boolean => /^application\/json\s*(;|$)/i.test(type)

/**
 * Parses a body as JSON without loss of large numbers. It must be UTF-8, whatever its charset
 * parameter says, and `application/json`: a browser sends a form from any page without asking, and
 * such a request must have no effect.
 *
 * Handlers call it by reading `request.body`. A body that no handler reads is not checked.
 * Libraries rely on that: SnowTransfer sends `undefined` as the body of requests without one.
 */
export function parseBody(request: Request): unknown {
  const raw: unknown = request.body
  if (!Buffer.isBuffer(raw) || raw.length === 0) return undefined
  const type = request.headers['content-type']
  if (type !== undefined && !isJson(type)) throw refuse.unsupportedMedia()
  const result = parseJson(raw)
  if (!result.ok) throw refuse.malformedJson()
  return result.value
}

/**
 * Refuses a body that is not declared as JSON, even one without a type. A script on any page can
 * send such a body unasked. A browser sends `application/json` only after a preflight request,
 * which this server does not answer. It protects routes without a token; the token's header has the
 * same effect elsewhere.
 */
export function requireJson(request: Request): void {
  if (request.method !== 'GET' && !isJson(request.headers['content-type'] ?? ''))
    throw refuse.unsupportedMedia()
}

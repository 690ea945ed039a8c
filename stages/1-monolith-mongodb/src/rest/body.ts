import { invalidField, parseJson, refuse } from '@threshold/contract'
import express, { type Request, type Response } from 'express'

/**
 * Bytes of a body at most. A message is 2,000 characters and ten embeds; this is several times
 * that.
 */
const MAX_BODY = 256 * 1_024
/**
 * Bytes of bodies that this process holds at once, and those of one sender: a user, or an address
 * that names no user.
 */
const MAX_HELD = 64 * 1_024 * 1_024
const MAX_HELD_OF_ONE = 4 * 1_024 * 1_024

/** Reads the body of a request, up to a size; undefined where there is none to wait for. */
export type ReadBody = (
  request: Request,
  response: Response,
  sender: string,
) => Promise<void> | undefined

/**
 * Bodies count against a bound from their first byte until the answer has left, by what their
 * headers allow them to be: 2,000 senders that hold 250 kB each would take half a gigabyte
 * otherwise.
 */
export function bodyReader(): ReadBody {
  const raw = express.raw({ type: () => true, limit: MAX_BODY })
  const held = heldBytes()
  return (request, response, sender) => {
    const bytes = mostBytes(request)
    if (bytes === 0) return undefined
    refuseFiles(request)
    if (bytes > MAX_BODY) throw refuse.tooLarge()
    held.take(sender, bytes)
    response.once('close', () => held.giveBack(sender, bytes))
    if (request.headers.expect !== undefined) response.writeContinue()
    return new Promise((resolve, reject) => {
      raw(request, response, (error) => (error === undefined ? resolve() : reject(error)))
    })
  }
}

/**
 * Discord takes files this way. They are refused by name, like any field that is not supported, and
 * not for their size.
 */
function refuseFiles({ headers }: Request): void {
  if (/^multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw invalidField(
      'files',
      'FIELD_UNSUPPORTED',
      'files are not supported by this server; send application/json.',
    )
}

/**
 * The most bytes that a body can come to. A body of unknown length, or a compressed one, can reach
 * the limit.
 */
function mostBytes({ headers }: Request): number {
  if (headers['transfer-encoding'] !== undefined) return MAX_BODY
  const length = Number(headers['content-length'] ?? 0)
  return length > 0 && headers['content-encoding'] !== undefined
    ? Math.max(length, MAX_BODY)
    : length
}

function heldBytes() {
  let all = 0
  const each = new Map<string, number>()
  return {
    take(sender: string, bytes: number): void {
      const ofOne = (each.get(sender) ?? 0) + bytes
      if (all + bytes > MAX_HELD || ofOne > MAX_HELD_OF_ONE) throw refuse.unavailable()
      all += bytes
      each.set(sender, ofOne)
    },
    giveBack(sender: string, bytes: number): void {
      all -= bytes
      const left = (each.get(sender) ?? 0) - bytes
      if (left > 0) each.set(sender, left)
      else each.delete(sender)
    },
  }
}

const isJson = (type: string): boolean => /^application\/json\s*(;|$)/i.test(type)

/**
 * A body as lossless JSON, whatever its charset parameter says: UTF-8 or refused. Only
 * `application/json` is taken, so that a form on a foreign web page can't send what a browser would
 * let it send unasked. Whoever wants it parses it: what nobody reads is not judged, as libraries
 * rely on that put `undefined` where there is no body (SnowTransfer).
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
 * Refuses a body that does not say it is JSON, also one without a type. A browser sends such a body
 * from any page's script unasked; for `application/json` it asks first, and is not answered. Where
 * a token is needed, that header does the same.
 */
export function requireJson(request: Request): void {
  if (request.method !== 'GET' && !isJson(request.headers['content-type'] ?? ''))
    throw refuse.unsupportedMedia()
}

import { parseJson, refuse } from '@threshold/contract'
import express, { type Request, type RequestHandler } from 'express'

/** Bytes of a body at most. A message is 2,000 characters and ten embeds; this is several times that. */
const MAX_BODY = 256 * 1_024

/** Takes a request's body as it comes, up to a size. */
export const rawBody = (): RequestHandler => express.raw({ type: () => true, limit: MAX_BODY })

/**
 * A body as lossless JSON, whatever its charset parameter says: UTF-8 or refused. Only `application/json` is taken, so that a
 * form on a foreign web page can't send what a browser would let it send unasked. Whoever wants it parses it: what nobody
 * reads is not judged, as libraries rely on that put `undefined` where there is no body (SnowTransfer).
 */
export function bodyOf(request: Request): unknown {
  const raw: unknown = request.body
  if (!Buffer.isBuffer(raw) || raw.length === 0) return undefined
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) throw refuse.unsupportedMedia()
  const result = parseJson(raw)
  if (!result.ok) throw refuse.malformedJson()
  return result.value
}

import { parseJson, refuse } from '@threshold/contract'
import express, { type RequestHandler } from 'express'

/** Bytes of a body at most. A message is 2,000 characters and ten embeds; this is several times that. */
const MAX_BODY = 256 * 1_024

/**
 * Reads a body as lossless JSON, whatever its charset parameter says: UTF-8 or refused. Only `application/json` is taken, so
 * that a form on a foreign web page can't send what a browser would let it send unasked.
 */
export function jsonBody(): RequestHandler[] {
  const parse: RequestHandler = (request, _response, next) => {
    const raw: unknown = request.body
    if (!Buffer.isBuffer(raw) || raw.length === 0) {
      request.body = undefined
      return next()
    }
    const type = request.headers['content-type']
    if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) throw refuse.unsupportedMedia()
    const result = parseJson(raw)
    if (!result.ok) throw refuse.malformedJson()
    request.body = result.value
    next()
  }
  return [express.raw({ type: () => true, limit: MAX_BODY }), parse]
}

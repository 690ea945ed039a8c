import { parseJson, refuse } from '@threshold/contract'
import express, { type Request, type RequestHandler } from 'express'

/** Bytes of a body at most. A message is 2,000 characters and ten embeds; this is several times that. */
const MAX_BODY = 256 * 1_024

/**
 * Reads a body as lossless JSON, whatever its charset parameter says: UTF-8 or refused. Only `application/json` is taken, so
 * that a form on a foreign web page can't send what a browser would let it send unasked. It is parsed when a route asks for
 * it: what nobody reads is not judged, as libraries rely on that put `undefined` where there is no body (SnowTransfer).
 */
export function jsonBody(): RequestHandler[] {
  const defer: RequestHandler = (request, _response, next) => {
    const raw: unknown = request.body
    let parsed: { readonly value: unknown } | undefined
    Object.defineProperty(request, 'body', {
      configurable: true,
      get() {
        parsed ??= { value: parse(request, raw) }
        return parsed.value
      },
    })
    next()
  }
  return [express.raw({ type: () => true, limit: MAX_BODY }), defer]
}

function parse(request: Request, raw: unknown): unknown {
  if (!Buffer.isBuffer(raw) || raw.length === 0) return undefined
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) throw refuse.unsupportedMedia()
  const result = parseJson(raw)
  if (!result.ok) throw refuse.malformedJson()
  return result.value
}

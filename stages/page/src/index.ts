import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import express, { type Router } from 'express'

const FOLDER = new URL('./browser/', import.meta.url)

/**
 * The page runs our own files and nothing else: no inline script, no other host, no frame around
 * it.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'", // covers the gateway's WebSocket, which shares the origin
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The chat page: plain browser JavaScript, served as it is. It speaks the contract and knows no
 * stage, so every later stage mounts the same router. Mount it before REST, whose last handler
 * answers 404 to all that is left.
 *
 * The files are read once and looked up by exact path: an API request that passes by here costs one
 * map lookup and no disk access. In production a CDN would serve them.
 */
export function createPage(): Router {
  const files = new Map<string, { type: string; body: Buffer; tag: string }>()
  for (const name of readdirSync(FOLDER)) {
    const body = readFileSync(new URL(name, FOLDER))
    const file = {
      type: extname(name),
      body,
      tag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    }
    files.set(name === 'index.html' ? '/' : `/${name}`, file)
  }
  const router = express.Router()
  router.use((request, response, next) => {
    const file =
      request.method === 'GET' || request.method === 'HEAD' ? files.get(request.path) : undefined
    if (file === undefined) return next()
    response.set({
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      ETag: file.tag,
      'Cache-Control': 'no-cache', // asked anew each time, answered 304 by its tag: a new version shows at the next reload
    })
    response.type(file.type).send(file.body)
  })
  return router
}

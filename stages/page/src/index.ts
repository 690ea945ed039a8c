import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import express, { type Router } from 'express'
import { DESIGN_FOLDER } from './design.ts'

const FOLDERS = [new URL('./browser/', import.meta.url), DESIGN_FOLDER]

/** Allows this server's files and nothing else: no inline script, no other host, no frames. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  // Includes the gateway's WebSocket, which has the same origin.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves the chat page: plain browser JavaScript, without a build step. It uses the external
 * contract only, so every stage can serve it. Mount it before REST, which answers 404 to unknown
 * paths.
 *
 * The files are read once, at the start, and found by their exact path. An API request that passes
 * through costs one map lookup. Production would use a CDN instead.
 */
export function createPage(): Router {
  const files = new Map<string, { type: string; body: Buffer; etag: string }>()
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(folder).map((name) => ({ name, path: new URL(name, folder) })),
  )
  for (const { name, path } of paths) {
    const body = readFileSync(path)
    const file = {
      type: extname(name),
      body,
      etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    }
    files.set(name === 'index.html' ? '/' : `/${name}`, file)
  }
  const router = express.Router()
  router.use((request, response, next) => {
    const file =
      request.method === 'GET' || request.method === 'HEAD' ? files.get(request.path) : undefined
    if (file === undefined) return next()
    response.set({
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      ETag: file.etag,
      // The browser asks each time and usually gets a 304, so a reload shows a new version.
      'Cache-Control': 'no-cache',
    })
    response.type(file.type).send(file.body)
  })
  return router
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import express, { type Router } from 'express'
import { DESIGN_FOLDER } from './design.ts'

const FOLDERS = [new URL('./browser/', import.meta.url), DESIGN_FOLDER]

export interface PageOptions {
  /** The gateways that are not at the page's own address, such as `wss://gateway.example`. */
  readonly gatewayUrls?: readonly string[]
}

/**
 * Allows this server's files and gateways, and nothing else: no inline script, no other host, no
 * frames. A policy cannot name a gateway by its IPv6 address, so a browser cannot reach that one.
 */
const contentSecurityPolicy = (gatewayUrls: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    // Includes a gateway at the page's own address.
    ['connect-src', "'self'", ...gatewayUrls.map(sourceOf)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** A path without a final slash would allow that path only, and not `/?v=10` below it. */
const sourceOf = (url: string): string => (new URL(url).pathname === '/' ? url : `${url}/`)

/**
 * Serves the chat page: plain browser JavaScript, without a build step. It uses the external
 * contract only, so every stage can serve it. Mount it before REST, which answers 404 to unknown
 * paths.
 *
 * The files are read once, at the start, and found by their exact path. An API request that passes
 * through costs one map lookup. Production would use a CDN instead.
 */
export function createPage({ gatewayUrls = [] }: PageOptions = {}): Router {
  const policy = contentSecurityPolicy(gatewayUrls)
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
      'Content-Security-Policy': policy,
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

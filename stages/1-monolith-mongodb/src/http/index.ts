import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type ReadinessCheck,
  type ReadinessMonitor,
  type Runtime,
  watchReadiness,
} from '@threshold/kit'
import express, { type RequestHandler, type Response, type Router } from 'express'
import { sendJson } from '../rest/respond.ts'
import { refuseMalformed } from './malformed-requests.ts'
import { healthRoutes, metricsRoutes } from './operator-routes.ts'
import { createOriginPolicy, type OriginPolicy } from './origin-policy.ts'
import { profileRoutes } from './profile-route.ts'
import type { PublicAddress } from './public-address.ts'
import { unreadBodies } from './unread-bodies.ts'

export { listenConfig, listenEnvironment } from './environment.ts'
export { gatewayUrls } from './public-address.ts'

export interface HttpConfig extends PublicAddress {
  readonly host: string
  /** Further host names of this stage. */
  readonly hostNames: readonly string[]
  /** Origins of the stage's pages that another process serves. */
  readonly origins: readonly string[]
  /** 0 means any free port. */
  readonly port: number
  /**
   * Other processes of this user may listen on the port too. Not on macOS. `when-ready`: the server
   * does so once all checks pass, so that it gets no requests that it cannot answer.
   */
  readonly reusePort?: 'at-once' | 'when-ready' | undefined
  /** The most sockets of REST and the gateway together. Above it new ones are closed at once. */
  readonly maxConnections: number
  /** Whether operators can profile the process. Off where strangers can reach it. */
  readonly profiling?: boolean
}

export interface HttpParts {
  /** `/readyz` answers 200 if all checks pass, and otherwise 503 with their reasons. */
  readonly readiness: readonly ReadinessCheck[]
  /** Mounted in this order. The last one answers 404 to all remaining paths. */
  readonly routers: readonly Router[]
  /** Whether this process owns a guild. Default: it owns all. */
  readonly ownsGuild?: (guild: string) => boolean
  /** Absent in a process that serves no sockets. */
  readonly gateway?: AsyncDisposable & {
    attach(server: Server, mayOpen: (request: IncomingMessage) => boolean): void
  }
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string
}

/** A request must arrive within this time, so that a slow sender cannot hold a connection open. */
const REQUEST_TIMEOUT_MS = 15_000
const READY_CHECK_MS = 100
/** Node checks every 30 s by default, so a 15 s timeout could take 45 s. */
const TIMEOUT_CHECK_MS = 1_000
/**
 * Longer than clients keep idle connections. So clients close them, and no client sends a request
 * just as the server closes its connection.
 */
const KEEP_ALIVE_MS = 75_000

/**
 * Serves REST, the gateway, the page and the operator's endpoints on one port. Resolves when it
 * listens, or at once if it listens when it is ready; rejects if the port is taken.
 *
 * Disposing it shuts down gracefully. It accepts no new requests, answers those in flight and
 * publishes their events, and then closes the gateway's sockets.
 */
export async function serveHttp(
  parts: HttpParts,
  config: HttpConfig,
  runtime: Runtime,
): Promise<HttpServer> {
  const app = express()
  app.disable('x-powered-by').disable('etag')
  app.set('query parser', 'simple') // `?limit[$gt]=1` is a field of that name, not an object
  const readiness = watchReadiness(parts.readiness, runtime)
  // A 503 is a hint that a dependency is down, so readiness is checked before its next interval.
  const requests = countRequests((status) => status === 503 && readiness.checkSoon())
  const unread = unreadBodies()
  const policy = createOriginPolicy(config)
  const namesProcess = config.reusePort !== undefined
  // The order matters. Health comes before the origin policy, because probes use host names of
  // their own. The page, metrics and workshop come after it.
  app.use(requests.count, unread.close)
  app.use(healthRoutes(readiness, { namesProcess }), enforce(policy), metricsRoutes(runtime))
  const closing = new AbortController()
  if (config.profiling) app.use(profileRoutes(parts.ownsGuild ?? (() => true), closing.signal))
  for (const router of parts.routers) app.use(router)

  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Java's client offers HTTP/2 with its first request. A client whose offer is ignored goes on
      // with HTTP/1.1.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    app,
  )
  server.maxConnections = config.maxConnections
  server.on('clientError', (error, socket) => {
    // The client would take a second answer for the answer to its next request.
    if (unread.isAnswered(socket)) socket.destroy()
    else refuseMalformed(error, socket)
  })
  // Otherwise Node would ask for the body before the token is checked.
  server.on('checkContinue', app)
  parts.gateway?.attach(server, policy.allowsSocket)
  const { host, reusePort } = config
  const listen = () => server.listen({ port: config.port, host, reusePort: Boolean(reusePort) })
  if (reusePort === 'when-ready') void untilReady(readiness, closing.signal).then(listen, () => {})
  else await once(listen(), 'listening')
  const { port } = (server.address() as AddressInfo | null) ?? config
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    async [Symbol.asyncDispose]() {
      closing.abort()
      readiness[Symbol.dispose]()
      const closed = once(server, 'close')
      // `close` refuses new connections. Idle keep-alive connections would hold it open for long.
      server.close()
      server.closeIdleConnections()
      await requests.finished()
      await parts.gateway?.[Symbol.asyncDispose]()
      server.closeAllConnections() // those that have not answered the gateway's close
      await closed
    },
  }
}

/** Rejects if the server ends before. */
async function untilReady(readiness: ReadinessMonitor, signal: AbortSignal): Promise<void> {
  while (Object.keys(await readiness.reasons()).length > 0)
    await delay(READY_CHECK_MS, undefined, { signal })
  signal.throwIfAborted()
}

/**
 * Counts the requests in flight. `finished` resolves when there are none. Their answers then close
 * their connections, so that no client sends its next request to a server that ends.
 */
function countRequests(onAnswer: (status: number) => void): {
  count: RequestHandler
  finished(): Promise<void>
} {
  const inFlight = new Set<Response>()
  let closing = false
  let onFinished = (): void => {}
  const closeAfter = (response: Response): void => {
    if (!response.headersSent) response.set('Connection', 'close')
  }
  return {
    count(_request, response, next) {
      inFlight.add(response)
      if (closing) closeAfter(response)
      response.once('close', () => {
        inFlight.delete(response)
        onAnswer(response.statusCode)
        if (inFlight.size === 0) onFinished()
      })
      next()
    },
    finished: () =>
      new Promise((resolve) => {
        closing = true
        for (const response of inFlight) closeAfter(response)
        onFinished = resolve
        if (inFlight.size === 0) resolve()
      }),
  }
}

/**
 * Refuses requests under a foreign name or from a foreign page, except to the API. The API needs no
 * such check, because a foreign page has no token. It must not have it either: behind a proxy
 * unmodified clients call the API under Discord's name.
 */
function enforce(policy: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    if (/^\/api(\/|$)/i.test(request.path)) return next()
    if (!policy.allowsHost(request))
      return sendJson(response, 403, {
        message: '403: not a name of this stage; THRESHOLD_HOSTS adds names',
        code: 0,
      })
    if (!policy.allowsOrigin(request))
      return sendJson(response, 403, { message: '403: not for pages of another origin', code: 0 })
    next()
  }
}

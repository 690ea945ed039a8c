import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type ReadinessCheck,
  type ReadinessMonitor,
  type Runtime,
  watchReadiness,
} from '@threshold/kit'
import express, { type RequestHandler, type Router } from 'express'
import { sendJson } from '../rest/respond.ts'
import { createOriginPolicy, type OriginPolicy } from './origin-policy.ts'
import type { PublicAddress } from './public-address.ts'
import { unreadBodies } from './unread-bodies.ts'

export { listenConfig, listenEnvironment } from './environment.ts'
export { gatewayUrls } from './public-address.ts'

export interface HttpConfig extends PublicAddress {
  readonly host: string
  readonly hostNames: readonly string[]
  /** 0: any free one. */
  readonly port: number
  /** Sockets at the most, of REST and gateway together; beyond it a new one is closed at once. */
  readonly maxConnections: number
}

export interface HttpParts {
  /** /readyz answers 200 when each of them is satisfied, and otherwise 503 with their reasons. */
  readonly readiness: readonly ReadinessCheck[]
  /** Mounted in this order; the last one answers 404 to what is left. */
  readonly routers: readonly Router[]
  readonly gateway: AsyncDisposable & {
    attach(server: Server, mayOpen: (request: IncomingMessage) => boolean): void
  }
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string
}

/**
 * Milliseconds for a request to arrive whole: whoever sends a byte a second does not hold a
 * connection for ever.
 */
const REQUEST_WITHIN_MS = 15_000
/** Node checks every 30 s by default, so a 15 s timeout could take 45 s. */
const LOOK_EVERY_MS = 1_000
/**
 * Longer than clients keep an idle connection, so that they close it and no request meets a closing
 * server.
 */
const KEEP_ALIVE_MS = 75_000

/** One port for REST, the gateway, the page and what an operator asks. Resolves when it listens. */
export async function serveHttp(
  parts: HttpParts,
  config: HttpConfig,
  runtime: Runtime,
): Promise<HttpServer> {
  const app = express()
  app.disable('x-powered-by').disable('etag')
  app.set('query parser', 'simple') // `?limit[$gt]=1` is a field of that name, not an object
  const readiness = watchReadiness(parts.readiness, runtime)
  const underWay = requestsUnderWay((status) => status === 503 && readiness.checkSoon())
  const unread = unreadBodies()
  const site = createOriginPolicy(config)
  app.use(underWay.count, unread.close, health(readiness), ownSiteOnly(site), metrics(runtime))
  for (const router of parts.routers) app.use(router)

  const server = createServer(
    {
      requestTimeout: REQUEST_WITHIN_MS,
      headersTimeout: REQUEST_WITHIN_MS,
      connectionsCheckingInterval: LOOK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Java's client, for one, offers HTTP/2 with its first request. Whoever is not taken up on an
      // offer goes on as before.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    app,
  )
  server.maxConnections = config.maxConnections
  server.on('clientError', (error, socket) => {
    // A second answer would be taken for that of the next request.
    if (unread.isAnswered(socket)) socket.destroy()
    else refuseMalformed(error, socket)
  })
  server.on('checkContinue', app) // or Node would ask for a body before the token was looked at
  parts.gateway.attach(
    server,
    (request) => request.headers.origin === undefined || site.allows(request),
  )
  server.listen(config.port, config.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${isIPv6(config.host) ? `[${config.host}]` : config.host}:${port}`,
    /**
     * No new requests; those under way are answered, and their events told, before the sockets are
     * closed.
     */
    async [Symbol.asyncDispose]() {
      readiness[Symbol.dispose]()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await underWay.none()
      await parts.gateway[Symbol.asyncDispose]()
      server.closeAllConnections()
      await closed
    },
  }
}

/** What the parser found wrong, where it is not simply a bad request. */
const PARSER_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431: Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413: Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408: Request Timeout',
}

/**
 * What is no HTTP never gets to Express. It is answered in the contract's shape all the same, and
 * its connection ends: where a next request would begin can't be known, and guessing is how
 * requests are smuggled past a proxy.
 */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const message = PARSER_ANSWERS[error.code ?? ''] ?? '400: Bad Request'
  const body = JSON.stringify({ message, code: 0 })
  const head = `HTTP/1.1 ${message.replace(':', '')}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
  // Not left half open: its peer may never close its own side.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
}

function requestsUnderWay(onAnswer: (status: number) => void): {
  count: RequestHandler
  none(): Promise<void>
} {
  let open = 0
  let settled = (): void => {}
  return {
    count(_request, response, next) {
      open += 1
      response.once('close', () => {
        open -= 1
        onAnswer(response.statusCode)
        if (open === 0) settled()
      })
      next()
    },
    none: () =>
      new Promise((resolve) => {
        settled = resolve
        if (open === 0) resolve()
      }),
  }
}

/**
 * Everything but the API and the health of this process answers to its own names alone, and to no
 * foreign page. The API needs no such check: a foreign page has no token, and unmodified clients
 * behind a proxy call it by Discord's name.
 */
function ownSiteOnly(site: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    if (/^\/api(\/|$)/i.test(request.path)) return next()
    if (!site.allowsHost(request))
      return sendJson(response, 403, {
        message: '403: not a name of this stage; THRESHOLD_HOSTS adds names',
        code: 0,
      })
    if (!site.allowsOrigin(request))
      return sendJson(response, 403, { message: '403: not for pages of another origin', code: 0 })
    next()
  }
}

function health(readiness: ReadinessMonitor): Router {
  const router = express.Router()
  router.get('/healthz', (_request, response) => {
    sendJson(response, 200, { status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    const reasons = await readiness.reasons()
    if (Object.keys(reasons).length === 0) sendJson(response, 200, { status: 'ready' })
    else sendJson(response.set('Retry-After', '1'), 503, { status: 'not ready', reasons })
  })
  return router
}

function metrics(runtime: Runtime): Router {
  const router = express.Router()
  router.get('/metrics', async (_request, response) => {
    const { registry } = runtime.telemetry
    response.set('Content-Type', registry.contentType).end(await registry.metrics())
  })
  return router
}

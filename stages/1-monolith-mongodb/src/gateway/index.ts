import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, type Tokens } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import type {
  EventEncoder,
  GuildHub,
  MessageStore,
  MetadataStore,
  SessionRegistry,
} from '@threshold/ports'
import pLimit from 'p-limit'
import { Counter, Gauge } from 'prom-client'
import type { WebSocket } from 'ws'
import type { GatewayUrl } from '../http/public-address.ts'
import { boundedWebSockets, cutSoon } from '../http/websockets.ts'
import type { VoiceServer } from '../voice/index.ts'
import { Connection } from './connection.ts'
import { createDispatchCache } from './dispatch-cache.ts'
import { CLOSE_REASONS, type ConnectionLimits, MAX_READ_BYTES, readHandshake } from './protocol.ts'

export interface GatewayPorts {
  readonly metadata: MetadataStore
  readonly messages: Pick<MessageStore, 'newest'>
  readonly hub: GuildHub
  readonly sessions: SessionRegistry
  readonly encoder: EventEncoder
  readonly voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'silence'>
}

export interface GatewayConfig {
  /** Milliseconds between a client's heartbeats; after two of silence it is closed. */
  readonly heartbeatMs: number
  /** Sockets at the most; beyond it the upgrade is answered 503. */
  readonly maxConnections: number
  /** Milliseconds that a session's reads may take, such as those for READY. */
  readonly budgetMs: number
  readonly limits: Omit<ConnectionLimits, 'heartbeatMs'>
}

export interface Gateway extends AsyncDisposable {
  /** Takes the WebSocket upgrades of an HTTP server, of those that may open one. */
  attach(server: Server, mayOpen: (request: IncomingMessage) => boolean): void
}

/**
 * Discord's own numbers where it documents them: 120 frames a minute, 5 s of patience after an
 * invalid session.
 */
export const GATEWAY_LIMITS: GatewayConfig['limits'] = {
  identifyWithinMs: 30_000,
  frames: 120,
  framesMs: 60_000,
  maxBuffered: 4 * 1_024 * 1_024,
}

/**
 * Identifies under way at once: each may load guilds from the database, and a mass reconnect must
 * not be a thousand at once.
 */
const IDENTIFYING_AT_ONCE = 32
/**
 * HELLO comes in a read of its own: cloudstorm ignores what is in one with the answer to its
 * upgrade, and would wait for ever.
 */
const HELLO_AFTER_MS = 5
/** Milliseconds a peer has to answer a close before its socket is cut. */
const CLOSE_WITHIN_MS = 5_000
/** The same when the whole gateway closes, and others wait for that. */
const LEAVE_WITHIN_MS = 1_000

/**
 * The gateway: sockets in, sessions on them, events of the hub out. It shares process and event
 * loop with REST.
 */
export function createGateway(
  ports: GatewayPorts,
  tools: { tokens: Tokens; gatewayUrl: GatewayUrl },
  config: GatewayConfig,
  runtime: Runtime,
): Gateway {
  const connections = new Set<Connection>()
  const metrics = createMetrics(runtime, connections)
  const parts = {
    ...ports,
    ...tools,
    runtime,
    metrics,
    dispatches: createDispatchCache(ports.encoder),
    limits: { ...config.limits, heartbeatMs: config.heartbeatMs },
    budgetMs: config.budgetMs,
    limitIdentify: pLimit(IDENTIFYING_AT_ONCE),
  }
  const sockets = boundedWebSockets({
    maxPayload: MAX_READ_BYTES,
    closeTimeout: CLOSE_WITHIN_MS,
    rateLimited: CloseCode.RateLimited,
  })
  let closing = false

  const open = (socket: WebSocket, request: IncomingMessage): void => {
    const handshake = readHandshake(request.url ?? '/')
    if ('refused' in handshake) {
      socket.on('error', () => {}) // ws closes it; without a listener the process would end
      socket.close(handshake.refused, CLOSE_REASONS[handshake.refused])
      cutSoon(socket)
      return
    }
    const connection = new Connection(socket, request.socket, parts, {
      ...handshake,
      url: tools.gatewayUrl(request),
    })
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
    // Until HELLO is said nothing is read, so that nothing is answered before it.
    socket.pause()
    setTimeout(() => {
      connection.hello()
      socket.resume()
    }, HELLO_AFTER_MS)
  }

  return {
    attach(server, mayOpen) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        socket.on('error', () => socket.destroy())
        const path = URL.parse(request.url ?? '', 'ws://gateway')?.pathname
        if (path !== '/') return refuse(socket, '404 Not Found')
        if (!mayOpen(request)) return refuse(socket, '403 Forbidden')
        if (closing || sockets.clients.size >= config.maxConnections)
          return refuse(socket, '503 Service Unavailable')
        sockets.handleUpgrade(request, socket, head, open)
      })
    },
    async [Symbol.asyncDispose]() {
      closing = true
      for (const connection of connections) connection.reconnect()
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, LEAVE_WITHIN_MS)
      await Promise.all(
        [...sockets.clients].map(
          (socket) => new Promise((resolve) => socket.once('close', resolve)),
        ),
      )
      clearTimeout(cut)
      sockets.close()
    },
  }
}

const refuse = (socket: Duplex, status: string): void => {
  // Not left half open: its peer may never close its own side.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n`,
  )
}

function createMetrics(runtime: Runtime, connections: ReadonlySet<Connection>) {
  const { registry } = runtime.telemetry
  new Gauge({
    name: 'threshold_gateway_sessions',
    help: 'Open gateway sockets.',
    registers: [registry],
    collect() {
      this.set(connections.size)
    },
  })
  // Counted by hand and told at the scrape: this runs once for each socket an event goes to.
  let frames = 0
  new Counter({
    name: 'threshold_gateway_frames_total',
    help: 'Frames handed to gateway sockets.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(frames)
    },
  })
  const slow = new Counter({
    name: 'threshold_gateway_slow_readers_total',
    help: 'Sockets dropped because they read too slowly.',
    registers: [registry],
  })
  const closes = new Counter({
    name: 'threshold_gateway_closes_total',
    help: 'Sockets closed, by code.',
    labelNames: ['code'],
    registers: [registry],
  })
  return {
    frame: () => {
      frames += 1
    },
    slow: () => slow.inc(),
    closed: (code: number) => closes.inc({ code: String(code) }),
  }
}

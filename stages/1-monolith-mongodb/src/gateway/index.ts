import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { CloseCode, type Tokens } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import type { EventEncoder, GuildHub, SessionRegistry, VoiceCalls } from '@threshold/ports'
import type { WebSocket } from 'ws'
import type { GatewayUrl } from '../http/public-address.ts'
import { boundedWebSockets, terminateSoon } from '../http/websockets.ts'
import { admission } from './admission.ts'
import { Connection } from './connection.ts'
import type { Dispatch } from './dispatch.ts'
import { createDispatchCache } from './dispatch-cache.ts'
import { createMetrics } from './metrics.ts'
import { CLOSE_REASONS, type ConnectionLimits, MAX_READ_BYTES, readHandshake } from './protocol.ts'
import { Session } from './session.ts'
import { batchedTransport } from './transport.batched.ts'
import { plainTransport } from './transport.plain.ts'

export type { Dispatch } from './dispatch.ts'
export { createDispatchCache } from './dispatch-cache.ts'
export type { ClientLink } from './outbox.ts'
export { findSession } from './resume.ts'
export { Session, type SessionDependencies } from './session.ts'

export interface GatewayPorts {
  readonly hub: GuildHub
  readonly sessions: SessionRegistry<Session, Dispatch>
  readonly encoder: EventEncoder
  readonly voice: VoiceCalls
}

export interface GatewayConfig {
  /**
   * Milliseconds between a client's heartbeats. The connection is closed after two intervals
   * without a heartbeat.
   */
  readonly heartbeatMs: number
  /** Maximum number of sockets. Further upgrades are answered 503. */
  readonly maxConnections: number
  /** Time limit in milliseconds for one call of a session to the hub or the voice server. */
  readonly budgetMs: number
  readonly limits: Omit<ConnectionLimits, 'heartbeatMs'>
  /** `transport.ts` explains the difference. */
  readonly transport: 'plain' | 'batched'
  /**
   * Sessions that may begin or go on here in a second. The others wait. A gateway that stops tells
   * as many clients to reconnect. Default: no limit.
   */
  readonly sessionsPerSecond?: number
}

export interface Gateway extends AsyncDisposable {
  /** Takes the WebSocket upgrades of an HTTP server. `mayOpen` can refuse one, with 403. */
  attach(server: Server, mayOpen: (request: IncomingMessage) => boolean): void
}

/** Discord's numbers where it documents them, such as 120 frames a minute. */
export const GATEWAY_LIMITS: GatewayConfig['limits'] = {
  identifyWithinMs: 30_000,
  frames: 120,
  framesMs: 60_000,
  maxBuffered: 4 * 1_024 * 1_024,
}

/**
 * Milliseconds between the upgrade and HELLO, so that the client gets them in separate reads:
 * cloudstorm ignores whatever arrives together with the upgrade, and would wait for HELLO for ever.
 */
const HELLO_DELAY_MS = 5
/** Milliseconds for a client to answer a close frame before its socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000
/** The same when the gateway shuts down, and the rest of the process waits for it. */
const SHUTDOWN_CLOSE_TIMEOUT_MS = 1_000
/** A gateway that stops has told all clients to reconnect after this time. */
const MAX_SPREAD_MS = 3_000

const TRANSPORTS = { plain: plainTransport, batched: batchedTransport }

/**
 * The gateway accepts sockets, runs a session on each, and sends them the events of the guild hub.
 * It shares its process and event loop with REST, until stage 3 gives it one of its own.
 */
export function createGateway(
  ports: GatewayPorts,
  tools: { tokens: Tokens; gatewayUrl: GatewayUrl },
  config: GatewayConfig,
  runtime: Runtime,
): Gateway {
  const connections = new Set<Connection>()
  const dependencies = {
    ...ports,
    ...tools,
    runtime,
    metrics: createMetrics(runtime, connections),
    dispatches: createDispatchCache(ports.encoder),
    createTransport: TRANSPORTS[config.transport],
    limits: { ...config.limits, heartbeatMs: config.heartbeatMs },
    budgetMs: config.budgetMs,
    admit: admission(config.sessionsPerSecond),
  }
  // No client waits for these. The gateway that gives them away limits how many move at a time.
  ports.sessions.onAdopt((from) => Session.restore(dependencies, from))
  const sockets = boundedWebSockets({
    maxPayload: MAX_READ_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    rateLimited: CloseCode.RateLimited,
  })
  let closing = false

  const open = (socket: WebSocket, request: IncomingMessage): void => {
    const handshake = readHandshake(request.url ?? '/')
    if ('refused' in handshake) {
      // ws closes the socket by itself, but without a listener the error would end the process.
      socket.on('error', () => {})
      socket.close(handshake.refused, CLOSE_REASONS[handshake.refused])
      terminateSoon(socket)
      return
    }
    const url = tools.gatewayUrl(request)
    const address = { ...handshake, url }
    const connection = new Connection(socket, request.socket, dependencies, address)
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
    // Nothing is read before HELLO, so that no answer can precede it.
    socket.pause()
    setTimeout(() => {
      connection.hello()
      socket.resume()
    }, HELLO_DELAY_MS)
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
      await spread([...connections], config.sessionsPerSecond, (each) => each.reconnect())
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, SHUTDOWN_CLOSE_TIMEOUT_MS)
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

/**
 * Does the work for each item at a random moment, so that clients which came together do not leave
 * together. It takes as long as the rate asks for, and at most `MAX_SPREAD_MS`.
 */
async function spread<T>(
  items: readonly T[],
  perSecond = Number.POSITIVE_INFINITY,
  work: (item: T) => void,
): Promise<void> {
  const totalMs = Math.min((items.length / perSecond) * 1_000, MAX_SPREAD_MS)
  await Promise.all(
    items.map(async (item) => {
      if (totalMs > 0) await delay(Math.random() * totalMs)
      work(item)
    }),
  )
}

/** Answers an upgrade over HTTP, and closes both directions: the client may never close its own. */
const refuse = (socket: Duplex, status: string): void => {
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n`,
  )
}

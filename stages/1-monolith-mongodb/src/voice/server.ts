import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import type { Runtime } from '@threshold/kit'
import type { GuildHub, VoiceCalls, VoiceRelay } from '@threshold/ports'
import { Gauge } from 'prom-client'
import { boundedWebSockets, terminateSoon } from '../http/websockets.ts'
import { Calls } from './calls.ts'
import { VoiceConnection } from './connection.ts'
import {
  CLOSE_REASONS,
  MAX_FRAME_BYTES,
  NEWEST_VERSION,
  OLDEST_VERSION,
  VoiceCloseCodes,
} from './protocol.ts'

export interface VoiceConfig {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Milliseconds between a client's heartbeats. It is closed after two intervals without one. */
  readonly heartbeatMs: number
  /** The address for clients, if it differs from `host`. */
  readonly advertise?: string
  /** Maximum number of connections, upgraded or not. Further ones are closed at once. */
  readonly maxConnections?: number
}

export interface VoiceServer extends VoiceCalls, AsyncDisposable {
  /** `host:port`, for VOICE_SERVER_UPDATE. */
  readonly endpoint: string
}

/** Equal to the gateway's limit, since each user in a call is connected there as well. */
const MAX_CONNECTIONS = 19_000
/** Milliseconds for a request to arrive. It is an upgrade of a few hundred bytes. */
const REQUEST_TIMEOUT_MS = 5_000
/** Node checks its timeouts every 30 s by default, so a 5 s timeout could take 35 s. */
const TIMEOUT_CHECK_MS = 1_000
/** Milliseconds for a client to answer a close frame before its socket is cut. */
const CLOSE_TIMEOUT_MS = 1_000

/**
 * Voice signalling: a WebSocket server that tells the members of a call where to send their
 * packets, and who is speaking. The packets go through the relay. The server has a port of its own,
 * since clients expect `endpoint` to be a host without a path.
 *
 * Production puts it behind TLS, because unmodified clients speak only `wss`, and next to the SFU
 * of its region. When one server fails, a VOICE_SERVER_UPDATE moves its calls to another.
 */
export async function createVoice(
  ports: { readonly relay: VoiceRelay; readonly hub: Pick<GuildHub, 'access'> },
  config: VoiceConfig,
  runtime: Runtime,
): Promise<VoiceServer> {
  const calls = new Calls(runtime)
  const timeouts = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  }
  const http = createServer(timeouts, (_request, response) => {
    response
      .writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' })
      .end('The voice server speaks WebSocket.\n')
  })
  // REST and the gateway are in this process, and a flood here would use up their file descriptors.
  http.maxConnections = config.maxConnections ?? MAX_CONNECTIONS
  const sockets = boundedWebSockets({
    maxPayload: MAX_FRAME_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    rateLimited: VoiceCloseCodes.RateLimited,
  })
  http.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened) =>
      sockets.emit('connection', opened, request),
    )
  })
  sockets.on('connection', (socket, request) => {
    const version = versionOf(request)
    if (version !== undefined) {
      new VoiceConnection(socket, {
        calls,
        ...ports,
        heartbeatMs: config.heartbeatMs,
        version,
        runtime,
      })
      return
    }
    // ws closes the socket by itself, but without a listener the error would end the process.
    socket.on('error', () => {})
    socket.close(VoiceCloseCodes.BadRequest, CLOSE_REASONS[VoiceCloseCodes.BadRequest])
    terminateSoon(socket)
  })
  // If the bind fails, `once` below rejects as well.
  http.on('error', (error) => runtime.log.warn({ err: error.message }, 'voice server'))
  http.listen(config.port, config.host)
  await once(http, 'listening')
  new Gauge({
    name: 'threshold_voice_connections',
    help: 'Open voice sockets.',
    registers: [runtime.telemetry.registry],
    collect() {
      this.set(sockets.clients.size)
    },
  })
  // A host name, as Discord sends. JDA does not accept an IP address.
  const host = config.advertise ?? (config.host === '127.0.0.1' ? 'localhost' : config.host)
  const endpoint = `${isIPv6(host) ? `[${host}]` : host}:${(http.address() as AddressInfo).port}`

  return {
    endpoint,
    admit: async (admission) => ({ token: calls.admit(admission), endpoint }),
    setMuted: async (guildId, userId, muted) => calls.setMuted(guildId, userId, muted),
    dismiss: async (guildId, userId) => calls.dismiss(guildId, userId),
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close')
      sockets.close()
      for (const socket of sockets.clients) socket.close(1001, 'Going away.')
      http.close()
      // Only connections that were not upgraded. The sockets end within CLOSE_TIMEOUT_MS.
      http.closeAllConnections()
      await closed
    },
  }
}

/** A URL without a version means the oldest one, which Discord's first clients used. */
function versionOf(request: IncomingMessage): number | undefined {
  const requested =
    URL.parse(request.url ?? '/', 'ws://voice')?.searchParams.get('v') ?? String(OLDEST_VERSION)
  const version = Number(requested)
  return Number.isInteger(version) && version >= OLDEST_VERSION && version <= NEWEST_VERSION
    ? version
    : undefined
}

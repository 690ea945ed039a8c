import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import type { GuildId, UserId } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import type { GuildHub, VoiceRelay } from '@threshold/ports'
import { Gauge } from 'prom-client'
import { boundedWebSockets, cutSoon } from '../http/websockets.ts'
import { type Admission, Calls } from './calls.ts'
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
  /** 0: any free one. */
  readonly port: number
  /** Milliseconds between a client's heartbeats; after two of silence it is closed. */
  readonly heartbeatMs: number
  /** The address clients are told, where it is not the one bound to. */
  readonly advertise?: string
  /** Sockets at the most, upgraded or not; beyond it a new one is closed at once. */
  readonly maxConnections?: number
}

export interface VoiceServer extends AsyncDisposable {
  /** `host:port`, as VOICE_SERVER_UPDATE carries it. */
  readonly endpoint: string
  /**
   * A user may talk: what the gateway then tells them in VOICE_SERVER_UPDATE. Call it when a user
   * joins or moves, not when they mute. A user who sat in another channel of the guild is moved,
   * their old voice socket closed with 4014.
   */
  admit(seat: Admission): { token: string; endpoint: string }
  /**
   * They were muted by a moderator, or may speak again. Who mutes themselves simply sends nothing.
   */
  silence(guildId: GuildId, userId: UserId, silent: boolean): void
  /** They left, were kicked, or the channel is gone. Idempotent. */
  dismiss(guildId: GuildId, userId: UserId): void
}

/** As many as the gateway takes: whoever talks is connected there too. */
const MAX_CONNECTIONS = 19_000
/**
 * Milliseconds for an upgrade to arrive whole. It is a few hundred bytes, and nothing else is
 * served here.
 */
const REQUEST_WITHIN_MS = 5_000
/** How often that is looked at; Node's own half minute would be most of the wait. */
const LOOK_EVERY_MS = 1_000
/** Milliseconds a peer has to answer a close before its socket is cut. */
const CLOSE_WITHIN_MS = 1_000

/**
 * Voice signalling: a WebSocket server on a port of its own, as clients expect `endpoint` to be a
 * host, not a path. It tells members of a call where to send their packets and who is speaking; the
 * packets themselves go through the relay.
 *
 * In production it stands behind TLS (unmodified clients speak `wss` only), next to the SFU of its
 * region, and a call moves to another server with a VOICE_SERVER_UPDATE when one fails.
 */
export async function createVoice(
  ports: { readonly relay: VoiceRelay; readonly hub: Pick<GuildHub, 'access'> },
  config: VoiceConfig,
  runtime: Runtime,
): Promise<VoiceServer> {
  const calls = new Calls(runtime)
  const times = {
    requestTimeout: REQUEST_WITHIN_MS,
    headersTimeout: REQUEST_WITHIN_MS,
    connectionsCheckingInterval: LOOK_EVERY_MS,
  }
  const http = createServer(times, (_request, response) => {
    response
      .writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' })
      .end('Voice speaks WebSocket.\n')
  })
  // A flood here would otherwise take the file descriptors of REST and the gateway, which are in
  // the same process.
  http.maxConnections = config.maxConnections ?? MAX_CONNECTIONS
  const sockets = boundedWebSockets({
    maxPayload: MAX_FRAME_BYTES,
    closeTimeout: CLOSE_WITHIN_MS,
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
    socket.on('error', () => {}) // ws closes it; without a listener the process would end
    socket.close(VoiceCloseCodes.BadRequest, CLOSE_REASONS[VoiceCloseCodes.BadRequest])
    cutSoon(socket)
  })
  // The error of a failed bind is told by `once` below.
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
  // A name, since Discord sends no other and JDA reads none.
  const host = config.advertise ?? (config.host === '127.0.0.1' ? 'localhost' : config.host)
  const endpoint = `${isIPv6(host) ? `[${host}]` : host}:${(http.address() as AddressInfo).port}`

  return {
    endpoint,
    admit: (seat) => ({ token: calls.admit(seat), endpoint }),
    silence: (guildId, userId, silent) => calls.silence(guildId, userId, silent),
    dismiss: (guildId, userId) => calls.dismiss(guildId, userId),
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close')
      sockets.close() // no new ones
      for (const socket of sockets.clients) socket.close(1001, 'Going away.')
      http.close()
      http.closeAllConnections() // those that were never upgraded; the sockets above end within CLOSE_WITHIN_MS
      await closed
    },
  }
}

/** Absent means the oldest, as for Discord's own clients of old. */
function versionOf(request: IncomingMessage): number | undefined {
  const given =
    URL.parse(request.url ?? '/', 'ws://voice')?.searchParams.get('v') ?? String(OLDEST_VERSION)
  const version = Number(given)
  return Number.isInteger(version) && version >= OLDEST_VERSION && version <= NEWEST_VERSION
    ? version
    : undefined
}

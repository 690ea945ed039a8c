import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { ChannelId, UserId } from '@threshold/contract'
import { messageOf, type Runtime } from '@threshold/kit'
import type { VoiceEndpoint, VoiceRelay } from '@threshold/ports'
import { Counter } from 'prom-client'
import { discoveryResponse, MAX_DATAGRAM, readDatagram } from '../voice/datagram.ts'

export interface VoiceRelayConfig {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  /** The address that clients send to, if it is not `host`: behind a NAT, or bound to 0.0.0.0. */
  readonly advertise?: string
}

/**
 * The relay drops all datagrams but the first two kinds, and never answers them: the source may be
 * forged, and an answer would be an attack on it.
 */
const OUTCOMES = [
  'forwarded',
  'discovered',
  'malformed',
  'too-large',
  'unknown-ssrc',
  'wrong-source',
  'silenced',
  'congested',
] as const
export type PacketOutcome = (typeof OUTCOMES)[number]

export interface UdpVoiceRelay extends VoiceRelay {
  /** The number of datagrams received so far, by outcome. */
  packets(): Readonly<Record<PacketOutcome, number>>
}

interface Endpoint {
  readonly ssrc: number
  readonly channelId: ChannelId
  readonly userId: UserId
  /** The source of the first discovery packet. Packets from other sources are dropped. */
  source?: { readonly address: string; readonly port: number }
  muted: boolean
}

/** Above this many queued bytes packets are dropped: late sound is worse than lost sound. */
const MAX_QUEUED_BYTES = 1 << 20

/**
 * One UDP socket for all calls of this process. A packet costs one lookup and one send for each
 * listener, on the event loop that also serves REST and the gateway. So a busy call slows down text
 * chat, and the other way round.
 *
 * Production would use an SFU in each region; Discord's is written in C++, with several in a city.
 * An SFU forwards packets likewise. It also terminates the encryption of each hop, limits
 * bandwidth, adapts to loss, and is chosen by latency when a call begins.
 */
export async function voiceRelayUdp(
  config: VoiceRelayConfig,
  runtime?: Pick<Runtime, 'random' | 'telemetry' | 'log'>,
): Promise<UdpVoiceRelay> {
  const socket = createSocket(isIPv6(config.host) ? 'udp6' : 'udp4')
  socket.bind(config.port, config.host)
  await once(socket, 'listening') // rejects with the bind's error, such as EADDRINUSE
  // After binding, an error is about one send, such as ICMP "port unreachable". It must not end the
  // calls of the other peers.
  socket.on('error', (error) => runtime?.log.warn({ err: messageOf(error) }, 'voice relay socket'))

  const random = runtime?.random ?? randomBytes
  const endpoints = new Map<number, Endpoint>()
  const channels = new Map<ChannelId, Set<Endpoint>>()
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    PacketOutcome,
    number
  >
  if (runtime) registerCounter(runtime, counts)

  socket.on('message', (bytes, from) => {
    counts[bytes.length > MAX_DATAGRAM ? 'too-large' : receive(bytes, from)] += 1
  })

  function receive(bytes: Buffer, from: RemoteInfo): PacketOutcome {
    const datagram = readDatagram(bytes)
    if (datagram.kind === 'malformed') return 'malformed'
    const endpoint = endpoints.get(datagram.ssrc)
    // RTCP ends here as well: it has its SSRC at another offset, and the relay does not need it.
    if (endpoint === undefined) return 'unknown-ssrc'
    if (datagram.kind === 'discovery') {
      // The first packet binds the endpoint to its source. An attacker would have to guess 32
      // random bits; an SFU would also check the packet's authentication tag.
      endpoint.source ??= { address: from.address, port: from.port }
      if (!cameFrom(endpoint, from)) return 'wrong-source'
      send(socket, discoveryResponse(endpoint.ssrc, from.address, from.port), from)
      return 'discovered'
    }
    if (!cameFrom(endpoint, from)) return 'wrong-source'
    if (endpoint.muted) return 'silenced'
    if (socket.getSendQueueSize() > MAX_QUEUED_BYTES) return 'congested'
    for (const other of channels.get(endpoint.channelId) ?? [])
      if (other !== endpoint && other.source) send(socket, bytes, other.source)
    return 'forwarded'
  }

  return {
    packets: () => ({ ...counts }),

    async join(channelId, userId): Promise<VoiceEndpoint> {
      const ssrc = freeSsrc(random, endpoints)
      const endpoint: Endpoint = { ssrc, channelId, userId, muted: false }
      endpoints.set(ssrc, endpoint)
      channels.set(channelId, (channels.get(channelId) ?? new Set()).add(endpoint))
      return { ssrc, address: config.advertise ?? config.host, port: socket.address().port }
    },

    setMuted(ssrc, muted) {
      const endpoint = endpoints.get(ssrc)
      if (endpoint) endpoint.muted = muted
    },

    leave(ssrc) {
      const endpoint = endpoints.get(ssrc)
      if (endpoint === undefined) return
      endpoints.delete(ssrc)
      const endpointsInChannel = channels.get(endpoint.channelId)
      endpointsInChannel?.delete(endpoint)
      if (endpointsInChannel?.size === 0) channels.delete(endpoint.channelId)
    },

    async [Symbol.asyncDispose]() {
      endpoints.clear()
      channels.clear()
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

const cameFrom = (endpoint: Endpoint, from: RemoteInfo): boolean =>
  endpoint.source?.port === from.port && endpoint.source.address === from.address

/**
 * UDP may lose packets, so a failed send is ignored. The callback keeps it from emitting `error`.
 */
function send(
  socket: Socket,
  bytes: Buffer,
  to: { readonly address: string; readonly port: number },
): void {
  socket.send(bytes, to.port, to.address, () => {})
}

function freeSsrc(random: (size: number) => Buffer, taken: ReadonlyMap<number, unknown>): number {
  for (;;) {
    const ssrc = random(4).readUInt32BE(0)
    if (ssrc !== 0 && !taken.has(ssrc)) return ssrc
  }
}

/** The counter is filled at scrape time, so that a packet costs a single addition. */
function registerCounter(
  runtime: Pick<Runtime, 'telemetry'>,
  counts: Readonly<Record<PacketOutcome, number>>,
): void {
  new Counter({
    name: 'threshold_voice_packets_total',
    help: 'Voice datagrams received, by outcome.',
    labelNames: ['outcome'],
    registers: [runtime.telemetry.registry],
    collect() {
      this.reset()
      for (const outcome of OUTCOMES) this.inc({ outcome }, counts[outcome])
    },
  })
}

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
  /** 0: any free one. */
  readonly port: number
  /**
   * The address clients are told, where it is not the one bound to: behind a NAT, or when bound to
   * all interfaces.
   */
  readonly advertise?: string
}

/**
 * What became of a datagram. All but the first two are dropped without an answer: an answer to a
 * forged source would be an attack on it.
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
  /** Datagrams that arrived so far, by what became of them. */
  packets(): Readonly<Record<PacketOutcome, number>>
}

interface Seat {
  readonly ssrc: number
  readonly channelId: ChannelId
  readonly userId: UserId
  /** `address:port` of the first discovery; packets from elsewhere are not this seat's. */
  source?: { readonly address: string; readonly port: number }
  silent: boolean
}

/**
 * Bytes waiting in the kernel's hands before packets are dropped: late sound is worse than lost
 * sound.
 */
const MAX_QUEUED = 1 << 20

/**
 * One UDP socket for all calls of this process. A packet costs one lookup and a send per listener,
 * on the event loop that also serves REST and the gateway: in a monolith, talk and text share a
 * fate.
 *
 * In production this is an SFU per region (Discord's is in C++, several per city): it forwards
 * likewise, but terminates each hop's encryption, counts bandwidth, adapts to loss, and is chosen
 * by latency when a call begins.
 */
export async function voiceRelayUdp(
  config: VoiceRelayConfig,
  runtime?: Pick<Runtime, 'random' | 'telemetry' | 'log'>,
): Promise<UdpVoiceRelay> {
  const socket = createSocket(isIPv6(config.host) ? 'udp6' : 'udp4')
  socket.bind(config.port, config.host)
  await once(socket, 'listening') // rejects with the bind's error, such as EADDRINUSE
  // After binding, an error concerns one send (ICMP "port unreachable"): its peer is gone, the
  // others are not.
  socket.on('error', (error) => runtime?.log.warn({ err: messageOf(error) }, 'voice relay socket'))

  const random = runtime?.random ?? randomBytes
  const seats = new Map<number, Seat>()
  const channels = new Map<ChannelId, Set<Seat>>()
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    PacketOutcome,
    number
  >
  if (runtime) countIn(runtime, counts)

  socket.on('message', (bytes, from) => {
    counts[bytes.length > MAX_DATAGRAM ? 'too-large' : receive(bytes, from)] += 1
  })

  function receive(bytes: Buffer, from: RemoteInfo): PacketOutcome {
    const datagram = readDatagram(bytes)
    if (datagram.kind === 'malformed') return 'malformed'
    const seat = seats.get(datagram.ssrc)
    if (seat === undefined) return 'unknown-ssrc' // RTCP ends here too: its SSRC sits elsewhere, and nothing here needs it
    if (datagram.kind === 'discovery') {
      // First come, first bound. 32 random bits stand between a guesser and a seat; an SFU would
      // check the packet's tag.
      seat.source ??= { address: from.address, port: from.port }
      if (!cameFrom(seat, from)) return 'wrong-source'
      send(socket, discoveryResponse(seat.ssrc, from.address, from.port), from)
      return 'discovered'
    }
    if (!cameFrom(seat, from)) return 'wrong-source'
    if (seat.silent) return 'silenced'
    if (socket.getSendQueueSize() > MAX_QUEUED) return 'congested'
    for (const other of channels.get(seat.channelId) ?? [])
      if (other !== seat && other.source) send(socket, bytes, other.source)
    return 'forwarded'
  }

  return {
    packets: () => ({ ...counts }),

    async join(channelId, userId): Promise<VoiceEndpoint> {
      const ssrc = freeSsrc(random, seats)
      const seat: Seat = { ssrc, channelId, userId, silent: false }
      seats.set(ssrc, seat)
      channels.set(channelId, (channels.get(channelId) ?? new Set()).add(seat))
      return { ssrc, address: config.advertise ?? config.host, port: socket.address().port }
    },

    setMuted(ssrc, silent) {
      const seat = seats.get(ssrc)
      if (seat) seat.silent = silent
    },

    leave(ssrc) {
      const seat = seats.get(ssrc)
      if (seat === undefined) return
      seats.delete(ssrc)
      const present = channels.get(seat.channelId)
      present?.delete(seat)
      if (present?.size === 0) channels.delete(seat.channelId)
    },

    async [Symbol.asyncDispose]() {
      seats.clear()
      channels.clear()
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

const cameFrom = (seat: Seat, from: RemoteInfo): boolean =>
  seat.source?.port === from.port && seat.source.address === from.address

/**
 * Fire and forget: UDP promises nothing, so neither does the relay. The callback keeps a failed
 * send from becoming an `error` event.
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

/** Copied at scrape time, so that the packet path pays for an addition and nothing else. */
function countIn(
  runtime: Pick<Runtime, 'telemetry'>,
  counts: Readonly<Record<PacketOutcome, number>>,
): void {
  new Counter({
    name: 'threshold_voice_packets_total',
    help: 'Voice datagrams received, by what became of them.',
    labelNames: ['outcome'],
    registers: [runtime.telemetry.registry],
    collect() {
      this.reset()
      for (const outcome of OUTCOMES) this.inc({ outcome }, counts[outcome])
    },
  })
}

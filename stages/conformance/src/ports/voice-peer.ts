import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { VoiceEndpoint } from '@threshold/ports'
import { vi } from 'vitest'

/**
 * The two datagrams that a voice client sends. They are encoded independently of the adapters, so
 * that the suite finds mistakes in theirs.
 */
const DISCOVERY_SIZE = 74
const RTP_HEADER = 12

function discovery(ssrc: number): Buffer {
  const packet = Buffer.alloc(DISCOVERY_SIZE)
  packet.writeUInt16BE(1, 0)
  packet.writeUInt16BE(70, 2)
  packet.writeUInt32BE(ssrc, 4)
  return packet
}

function rtp(ssrc: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(RTP_HEADER)
  header[0] = 0x80
  header[1] = 0x78
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}

export interface VoicePeer extends AsyncDisposable {
  readonly port: number
  /** The received payloads with their senders' SSRC. */
  readonly received: readonly { readonly ssrc: number; readonly payload: string }[]
  send(payload: string, ssrc?: number): void
  /** Repeats discovery until the relay answers with the address it sees. */
  discover(): Promise<{ ssrc: number; address: string; port: number }>
  /** Sends one discovery packet without waiting. */
  sendDiscovery(ssrc?: number): void
}

/** A UDP client that sends to an endpoint of the relay. */
export async function voicePeer(endpoint: VoiceEndpoint): Promise<VoicePeer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const received: { ssrc: number; payload: string }[] = []
  const discoveries: { ssrc: number; address: string; port: number }[] = []
  socket.on('message', (bytes) => {
    if (bytes[0]! >> 6 === 2)
      received.push({ ssrc: bytes.readUInt32BE(8), payload: bytes.toString('utf8', RTP_HEADER) })
    else
      discoveries.push({
        ssrc: bytes.readUInt32BE(4),
        address: bytes.toString('ascii', 8, bytes.indexOf(0, 8)),
        port: bytes.readUInt16BE(72),
      })
  })
  const sendBytes = (bytes: Buffer): void => socket.send(bytes, endpoint.port, endpoint.address)
  const sendDiscovery = (ssrc = endpoint.ssrc): void => sendBytes(discovery(ssrc))
  return {
    port: socket.address().port,
    received,
    sendDiscovery,
    send: (payload, ssrc = endpoint.ssrc) => sendBytes(rtp(ssrc, Buffer.from(payload))),
    discover: () =>
      vi.waitFor(
        () => {
          if (discoveries.length === 0) sendDiscovery() // UDP may lose datagrams
          if (discoveries.length === 0) throw new Error('the relay has not answered a discovery')
          return discoveries[0]!
        },
        { timeout: 30_000, interval: 50 },
      ),
    [Symbol.asyncDispose]: async () => void socket.close(),
  }
}

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { VoiceEndpoint } from '@threshold/ports'
import { vi } from 'vitest'

/**
 * The two datagrams a voice client sends, written here once more: a suite that borrowed an
 * adapter's own could not tell a mistake in it.
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
  /** Payloads that arrived, with the SSRC of who sent them. */
  readonly heard: readonly { readonly ssrc: number; readonly payload: string }[]
  say(payload: string, ssrc?: number): void
  /** Asks how its packets look from outside, until it is told. */
  discover(): Promise<{ ssrc: number; address: string; port: number }>
  /** Asks once, and waits for nothing. */
  ask(ssrc?: number): void
}

/** Somebody with a socket and, perhaps, a seat. */
export async function voicePeer(seat: VoiceEndpoint): Promise<VoicePeer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const heard: { ssrc: number; payload: string }[] = []
  const told: { ssrc: number; address: string; port: number }[] = []
  socket.on('message', (bytes) => {
    if (bytes[0]! >> 6 === 2)
      heard.push({ ssrc: bytes.readUInt32BE(8), payload: bytes.toString('utf8', RTP_HEADER) })
    else
      told.push({
        ssrc: bytes.readUInt32BE(4),
        address: bytes.toString('ascii', 8, bytes.indexOf(0, 8)),
        port: bytes.readUInt16BE(72),
      })
  })
  const send = (bytes: Buffer): void => socket.send(bytes, seat.port, seat.address)
  const ask = (ssrc = seat.ssrc): void => send(discovery(ssrc))
  return {
    port: socket.address().port,
    heard,
    ask,
    say: (payload, ssrc = seat.ssrc) => send(rtp(ssrc, Buffer.from(payload))),
    discover: () =>
      vi.waitFor(
        () => {
          if (told.length === 0) ask() // a datagram may be lost, as UDP has it
          if (told.length === 0) throw new Error('the relay has not answered a discovery')
          return told[0]!
        },
        { timeout: 30_000, interval: 50 },
      ),
    [Symbol.asyncDispose]: async () => void socket.close(),
  }
}

import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type UdpVoiceRelay, voiceRelayUdp } from '../../src/adapters/voice-relay.udp.ts'
import {
  DISCOVERY_SIZE,
  discoveryRequest,
  readDatagram,
  readDiscoveryResponse,
  readRtp,
  writeRtp,
} from '../../src/voice/datagram.ts'
import { eventually } from './fixture.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part[Symbol.asyncDispose]()
})

async function openRelay(): Promise<UdpVoiceRelay> {
  const opened = await voiceRelayUdp({ host: '127.0.0.1', port: 0 })
  open.push(opened)
  return opened
}

interface Peer {
  readonly ssrc: number
  readonly address: { readonly port: number }
  /** RTP payloads that arrived, as text. */
  readonly received: string[]
  sendText(text: string, ssrc?: number): void
  send(bytes: Buffer): void
  discover(ssrc?: number): Promise<{ address: string; port: number } | undefined>
}

async function joinPeer(relay: UdpVoiceRelay, channel: string, user: string): Promise<Peer> {
  const seat = await relay.join(channel, user)
  const socket: Socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  open.push({ [Symbol.asyncDispose]: async () => void socket.close() })
  const received: string[] = []
  const discoveries: ReturnType<typeof readDiscoveryResponse>[] = []
  socket.on('message', (bytes) => {
    const packet = readRtp(bytes)
    if (packet) received.push(packet.payload.toString())
    else discoveries.push(readDiscoveryResponse(bytes))
  })
  const send = (bytes: Buffer): void => socket.send(bytes, seat.port, seat.address)
  return {
    ssrc: seat.ssrc,
    address: socket.address(),
    received,
    send,
    sendText: (text, ssrc = seat.ssrc) =>
      send(writeRtp({ ssrc, sequence: 1, timestamp: 960, payload: Buffer.from(text) })),
    async discover(ssrc = seat.ssrc) {
      send(discoveryRequest(ssrc))
      await eventually(() => expect(discoveries).not.toHaveLength(0))
      return discoveries.shift()
    },
  }
}

/** Waits until the relay has counted this many datagrams, whatever became of them. */
const relayReceived = (relay: UdpVoiceRelay, packets: number): Promise<void> =>
  eventually(() =>
    expect(Object.values(relay.packets()).reduce((sum, count) => sum + count, 0)).toBe(packets),
  )

describe('the voice relay over UDP', () => {
  it('answers discovery with the public address of the client', async () => {
    const ada = await joinPeer(await openRelay(), 'c1', 'ada')
    expect(await ada.discover()).toEqual({
      ssrc: ada.ssrc,
      address: '127.0.0.1',
      port: ada.address.port,
    })
  })

  it('forwards packets to the others in the channel, not back and not to another channel', async () => {
    const relay = await openRelay()
    const [ada, grace, alan, eve] = await Promise.all([
      joinPeer(relay, 'c1', 'ada'),
      joinPeer(relay, 'c1', 'grace'),
      joinPeer(relay, 'c1', 'alan'),
      joinPeer(relay, 'c2', 'eve'),
    ])
    for (const peer of [ada, grace, alan, eve]) await peer.discover()
    ada.sendText('hello')
    await eventually(() => expect([grace.received, alan.received]).toEqual([['hello'], ['hello']]))
    grace.sendText('hi')
    await eventually(() => expect([ada.received, alan.received]).toEqual([['hi'], ['hello', 'hi']]))
    expect(eve.received).toEqual([])
  })

  it('exchanges no packets with a member before discovery', async () => {
    const relay = await openRelay()
    const [ada, grace] = await Promise.all([
      joinPeer(relay, 'c1', 'ada'),
      joinPeer(relay, 'c1', 'grace'),
    ])
    await ada.discover()
    grace.sendText('too early')
    ada.sendText('anyone?')
    await relayReceived(relay, 3)
    expect(relay.packets()).toMatchObject({ discovered: 1, forwarded: 1, 'wrong-source': 1 })
    expect([ada.received, grace.received]).toEqual([[], []])
  })

  it('drops packets with an SSRC of another address', async () => {
    const relay = await openRelay()
    const [ada, grace, eve] = await Promise.all([
      joinPeer(relay, 'c1', 'ada'),
      joinPeer(relay, 'c1', 'grace'),
      joinPeer(relay, 'c2', 'eve'),
    ])
    for (const peer of [ada, grace, eve]) await peer.discover()
    eve.sendText('I am Ada', ada.ssrc)
    eve.send(discoveryRequest(ada.ssrc)) // cannot take over an endpoint that is bound
    await relayReceived(relay, 5)
    expect(relay.packets()['wrong-source']).toBe(2)
    ada.sendText('I am')
    await eventually(() => expect(grace.received).toEqual(['I am']))
  })

  it('drops the packets of a member who has left', async () => {
    const relay = await openRelay()
    const [ada, grace] = await Promise.all([
      joinPeer(relay, 'c1', 'ada'),
      joinPeer(relay, 'c1', 'grace'),
    ])
    for (const peer of [ada, grace]) await peer.discover()
    relay.leave(ada.ssrc)
    relay.leave(ada.ssrc)
    ada.sendText('still here?')
    grace.sendText('alone')
    await relayReceived(relay, 4)
    expect(relay.packets()).toMatchObject({ 'unknown-ssrc': 1, forwarded: 1 })
    expect([ada.received, grace.received]).toEqual([[], []])
  })

  it('survives malformed and oversized datagrams', async () => {
    const relay = await openRelay()
    const [ada, grace] = await Promise.all([
      joinPeer(relay, 'c1', 'ada'),
      joinPeer(relay, 'c1', 'grace'),
    ])
    for (const peer of [ada, grace]) await peer.discover()
    const junk = [
      Buffer.alloc(0),
      Buffer.from([0x80]),
      randomBytes(11),
      Buffer.alloc(DISCOVERY_SIZE, 1),
      Buffer.alloc(12),
      Buffer.alloc(1_501, 0x80),
      Buffer.alloc(9_000),
    ]
    for (const bytes of junk) ada.send(bytes)
    await relayReceived(relay, 2 + junk.length)
    expect(relay.packets()).toMatchObject({ malformed: 5, 'too-large': 2, forwarded: 0 })
    ada.sendText('well')
    await eventually(() => expect(grace.received).toEqual(['well']))
  })

  it('rejects a port that is in use', async () => {
    const { port } = await (await openRelay()).join('c1', 'ada')
    await expect(voiceRelayUdp({ host: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE')
  })
})

describe('a datagram', () => {
  it('is read without throwing, whatever its bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['discovery', 'rtp', 'malformed']).toContain(readDatagram(Buffer.from(bytes)).kind)
      }),
    ))

  it('is read back as it was written', () =>
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(0xffff),
        fc.nat(0xffffffff),
        fc.uint8Array({ maxLength: 160 }),
        (ssrc, sequence, timestamp, payload) => {
          const packet = { ssrc, sequence, timestamp, payload: Buffer.from(payload) }
          expect(readRtp(writeRtp(packet))).toEqual(packet)
          expect(readDatagram(discoveryRequest(ssrc))).toEqual({ kind: 'discovery', ssrc })
        },
      ),
    ))
})

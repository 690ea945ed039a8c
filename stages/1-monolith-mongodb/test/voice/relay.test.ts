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

async function relay(): Promise<UdpVoiceRelay> {
  const made = await voiceRelayUdp({ host: '127.0.0.1', port: 0 })
  open.push(made)
  return made
}

interface Peer {
  readonly ssrc: number
  readonly address: { readonly port: number }
  /** RTP payloads that arrived, as text. */
  readonly heard: string[]
  say(text: string, ssrc?: number): void
  send(bytes: Buffer): void
  discover(ssrc?: number): Promise<{ address: string; port: number } | undefined>
}

async function peer(of: UdpVoiceRelay, channel: string, user: string): Promise<Peer> {
  const seat = await of.join(channel, user)
  const socket: Socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  open.push({ [Symbol.asyncDispose]: async () => void socket.close() })
  const heard: string[] = []
  const answers: ReturnType<typeof readDiscoveryResponse>[] = []
  socket.on('message', (bytes) => {
    const packet = readRtp(bytes)
    if (packet) heard.push(packet.payload.toString())
    else answers.push(readDiscoveryResponse(bytes))
  })
  const send = (bytes: Buffer): void => socket.send(bytes, seat.port, seat.address)
  return {
    ssrc: seat.ssrc,
    address: socket.address(),
    heard,
    send,
    say: (text, ssrc = seat.ssrc) =>
      send(writeRtp({ ssrc, sequence: 1, timestamp: 960, payload: Buffer.from(text) })),
    async discover(ssrc = seat.ssrc) {
      send(discoveryRequest(ssrc))
      await eventually(() => expect(answers).not.toHaveLength(0))
      return answers.shift()
    },
  }
}

/**
 * Loopback keeps the order of one socket's datagrams: once a later good packet is through, an
 * earlier bad one would be too.
 */
const drained = (of: UdpVoiceRelay, packets: number): Promise<void> =>
  eventually(() =>
    expect(Object.values(of.packets()).reduce((sum, count) => sum + count, 0)).toBe(packets),
  )

describe('the voice relay over UDP', () => {
  it('tells a client how its packets look from outside', async () => {
    const ada = await peer(await relay(), 'c1', 'ada')
    expect(await ada.discover()).toEqual({
      ssrc: ada.ssrc,
      address: '127.0.0.1',
      port: ada.address.port,
    })
  })

  it('carries packets to the others of the channel, not back and not to another channel', async () => {
    const calls = await relay()
    const [ada, grace, alan, eve] = await Promise.all([
      peer(calls, 'c1', 'ada'),
      peer(calls, 'c1', 'grace'),
      peer(calls, 'c1', 'alan'),
      peer(calls, 'c2', 'eve'),
    ])
    for (const one of [ada, grace, alan, eve]) await one.discover()
    ada.say('hello')
    await eventually(() => expect([grace.heard, alan.heard]).toEqual([['hello'], ['hello']]))
    grace.say('hi')
    await eventually(() => expect([ada.heard, alan.heard]).toEqual([['hi'], ['hello', 'hi']]))
    expect(eve.heard).toEqual([])
  })

  it('sends nothing to a member who has not discovered yet, and takes nothing from them', async () => {
    const calls = await relay()
    const [ada, grace] = await Promise.all([peer(calls, 'c1', 'ada'), peer(calls, 'c1', 'grace')])
    await ada.discover()
    grace.say('too early')
    ada.say('anyone?')
    await drained(calls, 3)
    expect(calls.packets()).toMatchObject({ discovered: 1, forwarded: 1, 'wrong-source': 1 })
    expect([ada.heard, grace.heard]).toEqual([[], []])
  })

  it("drops another's SSRC from one's own address, and one's own SSRC from elsewhere", async () => {
    const calls = await relay()
    const [ada, grace, eve] = await Promise.all([
      peer(calls, 'c1', 'ada'),
      peer(calls, 'c1', 'grace'),
      peer(calls, 'c2', 'eve'),
    ])
    for (const one of [ada, grace, eve]) await one.discover()
    eve.say('I am Ada', ada.ssrc)
    eve.send(discoveryRequest(ada.ssrc)) // nor can a bound seat be taken over
    await drained(calls, 5)
    expect(calls.packets()['wrong-source']).toBe(2)
    ada.say('I am')
    await eventually(() => expect(grace.heard).toEqual(['I am']))
  })

  it('forgets who left', async () => {
    const calls = await relay()
    const [ada, grace] = await Promise.all([peer(calls, 'c1', 'ada'), peer(calls, 'c1', 'grace')])
    for (const one of [ada, grace]) await one.discover()
    calls.leave(ada.ssrc)
    calls.leave(ada.ssrc)
    ada.say('still here?')
    grace.say('alone')
    await drained(calls, 4)
    expect(calls.packets()).toMatchObject({ 'unknown-ssrc': 1, forwarded: 1 })
    expect([ada.heard, grace.heard]).toEqual([[], []])
  })

  it('survives whatever arrives on its port', async () => {
    const calls = await relay()
    const [ada, grace] = await Promise.all([peer(calls, 'c1', 'ada'), peer(calls, 'c1', 'grace')])
    for (const one of [ada, grace]) await one.discover()
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
    await drained(calls, 2 + junk.length)
    expect(calls.packets()).toMatchObject({ malformed: 5, 'too-large': 2, forwarded: 0 })
    ada.say('well')
    await eventually(() => expect(grace.heard).toEqual(['well']))
  })

  it('refuses a port that is taken', async () => {
    const { port } = await (await relay()).join('c1', 'ada')
    await expect(voiceRelayUdp({ host: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE')
  })
})

describe('a datagram', () => {
  it('is read without throwing, whatever the bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['discovery', 'rtp', 'malformed']).toContain(readDatagram(Buffer.from(bytes)).kind)
      }),
    ))

  it('comes back as it was written', () =>
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

import type { ChannelId } from '@threshold/contract'
import type { VoiceEndpoint, VoiceRelay } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { newId } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'
import { type VoicePeer, voicePeer } from './voice-peer.ts'

interface Participant extends VoicePeer {
  readonly endpoint: VoiceEndpoint
  readonly channel: ChannelId
}

const WAIT = { timeout: 30_000, interval: 20 }

/**
 * The contract of a VoiceRelay, with real datagrams on loopback. UDP may lose some, so a packet
 * that must arrive is sent again until it does.
 */
export function testVoiceRelay(name: string, open: Open<VoiceRelay>): void {
  portSuite(`${name} as a voice relay`, open, (relay) => {
    async function participant(
      use: AsyncDisposableStack,
      channel: ChannelId,
    ): Promise<Participant> {
      const endpoint = await relay().join(channel, newId())
      use.defer(async () => relay().leave(endpoint.ssrc))
      return Object.assign(use.use(await voicePeer(endpoint)), { endpoint, channel })
    }
    const expectPacket = (
      who: VoicePeer,
      from: VoicePeer,
      payload: string,
      ssrc?: number,
    ): Promise<void> =>
      vi.waitFor(() => {
        from.send(payload, ssrc)
        expect(who.received.map((packet) => packet.payload)).toContain(payload)
      }, WAIT)

    describe('an endpoint', () => {
      it('has a unique SSRC', async () => {
        const endpoints = await Promise.all(
          Array.from({ length: 200 }, (_, i) => relay().join(String(i % 3), newId())),
        )
        expect(new Set(endpoints.map((endpoint) => endpoint.ssrc)).size).toBe(endpoints.length)
        for (const { ssrc } of endpoints) {
          expect(Number.isInteger(ssrc) && ssrc > 0 && ssrc < 2 ** 32).toBe(true)
          relay().leave(ssrc)
        }
      })

      it('learns its address as the relay sees it', async () => {
        await using use = new AsyncDisposableStack()
        const ada = await participant(use, newId())
        expect(await ada.discover()).toEqual({
          ssrc: ada.endpoint.ssrc,
          address: '127.0.0.1',
          port: ada.port,
        })
      })

      it('is bound to the address of its first discovery packet', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace] = [await participant(use, channel), await participant(use, channel)]
        const eve = use.use(await voicePeer(ada.endpoint))
        for (const participant of [ada, grace]) await participant.discover()
        eve.sendDiscovery()
        eve.send('I am Ada')
        await expectPacket(grace, ada, 'I am')
        await expectPacket(ada, grace, 'hello')
        expect(grace.received.map((packet) => packet.payload)).not.toContain('I am Ada')
        expect(eve.received).toEqual([])
      })

      it('before discovery receives nothing and sends nothing', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, late] = [
          await participant(use, channel),
          await participant(use, channel),
          await participant(use, channel),
        ]
        for (const participant of [ada, grace]) await participant.discover()
        late.send('too early')
        await expectPacket(ada, grace, 'is anyone there?')
        expect(late.received).toEqual([])
        expect(ada.received.map((packet) => packet.payload)).not.toContain('too early')
        await late.discover()
        await expectPacket(ada, late, 'now')
      })

      it('that is muted receives packets, and sends none until it is unmuted', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, alan] = [
          await participant(use, channel),
          await participant(use, channel),
          await participant(use, channel),
        ]
        for (const participant of [ada, grace, alan]) await participant.discover()
        relay().setMuted(ada.endpoint.ssrc, true)
        relay().setMuted(7, true) // an unknown SSRC
        ada.send('let me speak')
        await expectPacket(ada, grace, 'not now')
        await expectPacket(grace, alan, 'she is muted')
        expect([...grace.received, ...alan.received].map((packet) => packet.payload)).not.toContain(
          'let me speak',
        )
        relay().setMuted(ada.endpoint.ssrc, false)
        await expectPacket(grace, ada, 'at last')
      })

      it('that has left sends nothing, and leaving is idempotent', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, alan] = [
          await participant(use, channel),
          await participant(use, channel),
          await participant(use, channel),
        ]
        for (const participant of [ada, grace, alan]) await participant.discover()
        relay().leave(ada.endpoint.ssrc)
        relay().leave(ada.endpoint.ssrc)
        ada.send('still here?')
        await expectPacket(grace, alan, 'she has gone')
        expect(ada.received).toEqual([])
        expect(grace.received.map((packet) => packet.payload)).not.toContain('still here?')
      })
    })

    describe('a packet', () => {
      it('reaches exactly the other members of its channel, unchanged', () =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.nat(2), { minLength: 2, maxLength: 6 }), async (spread) => {
            await using use = new AsyncDisposableStack()
            const channels = [newId(), newId(), newId()]
            const participants = await Promise.all(
              spread.map((n) => participant(use, channels[n]!)),
            )
            await Promise.all(participants.map((participant) => participant.discover()))
            const packets = participants.map(({ endpoint }) => ({
              ssrc: endpoint.ssrc,
              payload: `from ${endpoint.ssrc} \u{1F600}`,
            }))
            const missing = (): boolean =>
              participants.some((participant) =>
                expected(participant).some((packet) => !participant.received.some(matches(packet))),
              )
            const expected = (participant: Participant) =>
              packets.filter(
                (_, i) =>
                  participants[i] !== participant &&
                  participants[i]!.channel === participant.channel,
              )
            await vi.waitFor(() => {
              participants.forEach((participant, i) => void participant.send(packets[i]!.payload))
              expect(missing()).toBe(false)
            }, WAIT)
            for (const participant of participants)
              expect(
                participant.received.filter(
                  (packet) => !expected(participant).some(matches(packet)),
                ),
              ).toEqual([])
          }),
          { numRuns: 12 },
        ))

      it('with an unknown SSRC, or that is invalid, is dropped', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace] = [await participant(use, channel), await participant(use, channel)]
        for (const participant of [ada, grace]) await participant.discover()
        ada.send('nobody', 7)
        ada.sendDiscovery(7)
        ada.send('x'.repeat(9_000))
        await expectPacket(grace, ada, 'fine')
        expect(new Set(grace.received.map((packet) => packet.payload))).toEqual(new Set(['fine']))
      })
    })
  })
}

const matches =
  (a: { ssrc: number; payload: string }) =>
  (b: { ssrc: number; payload: string }): boolean =>
    a.ssrc === b.ssrc && a.payload === b.payload

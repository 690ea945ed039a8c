import type { ChannelId } from '@threshold/contract'
import type { VoiceEndpoint, VoiceRelay } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { newId } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'
import { type VoicePeer, voicePeer } from './voice-peer.ts'

interface Talker extends VoicePeer {
  readonly seat: VoiceEndpoint
  readonly channel: ChannelId
}

const PATIENCE = { timeout: 30_000, interval: 20 }

/**
 * The laws of a VoiceRelay, with real datagrams on loopback. UDP may lose some: what must arrive is
 * said again until it has.
 */
export function testVoiceRelay(name: string, open: Open<VoiceRelay>): void {
  portSuite(`${name} as a voice relay`, open, (relay) => {
    async function talker(use: AsyncDisposableStack, channel: ChannelId): Promise<Talker> {
      const seat = await relay().join(channel, newId())
      use.defer(async () => relay().leave(seat.ssrc))
      return Object.assign(use.use(await voicePeer(seat)), { seat, channel })
    }
    const hears = (
      who: VoicePeer,
      from: VoicePeer,
      payload: string,
      ssrc?: number,
    ): Promise<void> =>
      vi.waitFor(() => {
        from.say(payload, ssrc)
        expect(who.heard.map((packet) => packet.payload)).toContain(payload)
      }, PATIENCE)

    describe('a seat', () => {
      it('has an SSRC that no other has', async () => {
        const seats = await Promise.all(
          Array.from({ length: 200 }, (_, i) => relay().join(String(i % 3), newId())),
        )
        expect(new Set(seats.map((seat) => seat.ssrc)).size).toBe(seats.length)
        for (const { ssrc } of seats) {
          expect(Number.isInteger(ssrc) && ssrc > 0 && ssrc < 2 ** 32).toBe(true)
          relay().leave(ssrc)
        }
      })

      it('learns how its packets look from outside', async () => {
        await using use = new AsyncDisposableStack()
        const ada = await talker(use, newId())
        expect(await ada.discover()).toEqual({
          ssrc: ada.seat.ssrc,
          address: '127.0.0.1',
          port: ada.port,
        })
      })

      it('belongs to where its first discovery came from: from elsewhere it can neither speak nor be taken', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace] = [await talker(use, channel), await talker(use, channel)]
        const eve = use.use(await voicePeer(ada.seat))
        for (const one of [ada, grace]) await one.discover()
        eve.ask()
        eve.say('I am Ada')
        await hears(grace, ada, 'I am')
        await hears(ada, grace, 'hello')
        expect(grace.heard.map((packet) => packet.payload)).not.toContain('I am Ada')
        expect(eve.heard).toEqual([])
      })

      it('that has not been discovered hears nothing and says nothing', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, late] = [
          await talker(use, channel),
          await talker(use, channel),
          await talker(use, channel),
        ]
        for (const one of [ada, grace]) await one.discover()
        late.say('too early')
        await hears(ada, grace, 'is anyone there?')
        expect(late.heard).toEqual([])
        expect(ada.heard.map((packet) => packet.payload)).not.toContain('too early')
        await late.discover()
        await hears(ada, late, 'now')
      })

      it('that is silenced hears and is not heard, until it may speak again', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, alan] = [
          await talker(use, channel),
          await talker(use, channel),
          await talker(use, channel),
        ]
        for (const one of [ada, grace, alan]) await one.discover()
        relay().setMuted(ada.seat.ssrc, true)
        relay().setMuted(7, true) // nobody's
        ada.say('let me speak')
        await hears(ada, grace, 'not now')
        await hears(grace, alan, 'she is muted')
        expect([...grace.heard, ...alan.heard].map((packet) => packet.payload)).not.toContain(
          'let me speak',
        )
        relay().setMuted(ada.seat.ssrc, false)
        await hears(grace, ada, 'at last')
      })

      it('that was left is silent, and leaving it again is no error', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace, alan] = [
          await talker(use, channel),
          await talker(use, channel),
          await talker(use, channel),
        ]
        for (const one of [ada, grace, alan]) await one.discover()
        relay().leave(ada.seat.ssrc)
        relay().leave(ada.seat.ssrc)
        ada.say('still here?')
        await hears(grace, alan, 'she has gone')
        expect(ada.heard).toEqual([])
        expect(grace.heard.map((packet) => packet.payload)).not.toContain('still here?')
      })
    })

    describe('a packet', () => {
      it('reaches all others of its channel as it was, and nobody else, however people are spread over channels', () =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.nat(2), { minLength: 2, maxLength: 6 }), async (spread) => {
            await using use = new AsyncDisposableStack()
            const channels = [newId(), newId(), newId()]
            const talkers = await Promise.all(spread.map((n) => talker(use, channels[n]!)))
            await Promise.all(talkers.map((one) => one.discover()))
            const sayings = talkers.map(({ seat }) => ({
              ssrc: seat.ssrc,
              payload: `from ${seat.ssrc} \u{1F600}`,
            }))
            const missing = (): boolean =>
              talkers.some((one) => expected(one).some((saying) => !one.heard.some(is(saying))))
            const expected = (one: Talker) =>
              sayings.filter((_, i) => talkers[i] !== one && talkers[i]!.channel === one.channel)
            await vi.waitFor(() => {
              talkers.forEach((one, i) => void one.say(sayings[i]!.payload))
              expect(missing()).toBe(false)
            }, PATIENCE)
            for (const one of talkers)
              expect(one.heard.filter((packet) => !expected(one).some(is(packet)))).toEqual([])
          }),
          { numRuns: 12 },
        ))

      it('under an SSRC of nobody, or that is no packet at all, goes nowhere and breaks nothing', async () => {
        await using use = new AsyncDisposableStack()
        const channel = newId()
        const [ada, grace] = [await talker(use, channel), await talker(use, channel)]
        for (const one of [ada, grace]) await one.discover()
        ada.say('nobody', 7)
        ada.ask(7)
        ada.say('x'.repeat(9_000))
        await hears(grace, ada, 'fine')
        expect(new Set(grace.heard.map((packet) => packet.payload))).toEqual(new Set(['fine']))
      })
    })
  })
}

const is =
  (a: { ssrc: number; payload: string }) =>
  (b: { ssrc: number; payload: string }): boolean =>
    a.ssrc === b.ssrc && a.payload === b.payload

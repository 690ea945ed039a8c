import { allTests } from '@threshold/engines/testing'
import { describe, expect, it, vi } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender } from './sender.ts'

const SUITE_MS = 120_000
const WAIT = { timeout: 30_000, interval: 50 }

export interface OutageOptions {
  /**
   * Whether it is another database that knows people and guilds: then who comes meanwhile is let
   * in.
   */
  readonly identifiesDuringOutage?: boolean
  /** Where another suite has shown the same of the same adapters. */
  readonly fullOnly?: boolean
}

/** A database that is away costs its users a wait and nothing else. */
export function testDatabaseOutage(
  name: string,
  open: () => Promise<FaultTargets>,
  { identifiesDuringOutage: letsIn = false, fullOnly: onlyWithAll = false }: OutageOptions = {},
): void {
  describe.runIf(allTests() || !onlyWithAll)(
    `${name}, without its database`,
    { timeout: SUITE_MS },
    () => {
      const ways = [
        ['killed', (v: FaultTargets) => v.engine.kill(), (v: FaultTargets) => v.engine.restart()],
        ['hanging', (v: FaultTargets) => v.engine.pause(), (v: FaultTargets) => v.engine.resume()],
      ] as const

      it.each(ways)(
        'answers 503 with Retry-After while it is %s, and serves again by itself',
        async (_how, hurt, heal) => {
          await using victims = await open()
          const { stage } = victims
          const place = await newSender(stage.url)
          const before = await place.sendUntilAcknowledged('before')

          await hurt(victims)
          // Many at once, and all answered: what waits is bounded in time and number.
          const refused = await Promise.all(
            Array.from({ length: 200 }, (_, i) => place.send(`away-${i}`)),
          )
          expect(new Set(refused.map((s) => s.status))).toEqual(new Set([503]))
          expect(refused.every((s) => Number(s.retryAfter) >= 1)).toBe(true)
          expect((await fetch(`${stage.url}/readyz`)).status).toBe(503)
          expect((await fetch(`${stage.url}/healthz`)).status).toBe(200)
          expect(stage.exitReason()).toBeUndefined()

          await heal(victims)
          await vi.waitFor(
            async () => expect((await fetch(`${stage.url}/readyz`)).status).toBe(200),
            WAIT,
          )
          const after = await place.sendUntilAcknowledged('after')
          const ids = (await place.history()).map((m) => m.id)
          expect(ids).toContain(before)
          expect(ids).toContain(after)
          expect(new Set(ids).size).toBe(ids.length)
        },
      )

      // Of its only database it knows neither people nor guilds without it: such a stage ends, and
      // whoever watches it starts it again.
      if (letsIn)
        it.each(ways)(
          'starts again while it is %s, and serves by itself once it is back',
          async (_how, hurt, heal) => {
            await using victims = await open()
            const { stage } = victims
            const place = await newSender(stage.url)
            const before = await place.sendUntilAcknowledged('before')
            await hurt(victims)
            await stage.kill()
            await stage.restart()
            expect((await place.send('away')).status).toBe(503)
            expect((await fetch(`${stage.url}/readyz`)).status).toBe(503)
            await heal(victims)
            await vi.waitFor(
              async () => expect((await fetch(`${stage.url}/readyz`)).status).toBe(200),
              WAIT,
            )
            const after = await place.sendUntilAcknowledged('after')
            expect((await place.history()).map((m) => m.id)).toEqual(
              expect.arrayContaining([before, after]),
            )
          },
        )

      const lets = letsIn
        ? 'lets clients in while it is away'
        : 'lets a client in that came while it was away, once it is back'
      it(lets, async () => {
        await using victims = await open()
        const { stage, engine } = victims
        const user = await fetch(`${stage.url}/workshop/users`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: 'patient' }),
        })
        const { token } = (await user.json()) as { token: string }
        await engine.kill()
        // A close after which clients come back by themselves, not one that tells them their token
        // is wrong.
        expect(await identify(stage.url, token)).toBe(letsIn ? 'READY' : 4_000)
        await engine.restart()
        await vi.waitFor(async () => expect(await identify(stage.url, token)).toBe('READY'), WAIT)
      })
    },
  )
}

/** Identifies on a new socket: READY, or the code it was closed with. */
function identify(url: string, token: string): Promise<'READY' | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/?v=10&encoding=json`)
  return new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve(code)
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as { op: number; t: string | null }
      if (frame.op === 10)
        socket.send(JSON.stringify({ op: 2, d: { token, intents: 1, properties: {} } }))
      if (frame.t !== 'READY') return
      socket.onclose = () => resolve('READY')
      socket.close(1000)
    }
  })
}

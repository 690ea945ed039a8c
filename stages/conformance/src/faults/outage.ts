import { askGateway } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { describe, expect, it, vi } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender } from './sender.ts'

const SUITE_MS = 120_000
const WAIT = { timeout: 30_000, interval: 50 }

export interface OutageOptions {
  /**
   * Whether users and guilds are in another database, so that clients can identify during the
   * outage.
   */
  readonly identifiable?: boolean
  /** Run only in full test runs, because another suite covers the same adapters. */
  readonly fullRunsOnly?: boolean
}

/**
 * While the database is away, requests are answered with 503. Afterwards the stage serves again by
 * itself, and no acknowledged message is lost.
 */
export function testDatabaseOutage(
  name: string,
  open: () => Promise<FaultTargets>,
  { identifiable = false, fullRunsOnly = false }: OutageOptions = {},
): void {
  describe.runIf(allTests() || !fullRunsOnly)(
    `${name}, without its database`,
    { timeout: SUITE_MS },
    () => {
      const outages = [
        [
          'killed',
          ({ engine }: FaultTargets) => engine.kill(),
          ({ engine }: FaultTargets) => engine.restart(),
        ],
        [
          'hanging',
          ({ engine }: FaultTargets) => engine.pause(),
          ({ engine }: FaultTargets) => engine.resume(),
        ],
      ] as const

      it.each(outages)(
        'answers 503 with Retry-After while it is %s, and recovers by itself',
        async (_how, breakEngine, restoreEngine) => {
          await using targets = await open()
          const { stage } = targets
          const sender = await newSender(stage.url)
          const before = await sender.sendUntilAcknowledged('before')

          await breakEngine(targets)
          // Each of many requests is answered, because the queue is bounded in time and length.
          const refused = await Promise.all(
            Array.from({ length: 200 }, (_, i) => sender.send(`away-${i}`)),
          )
          expect(new Set(refused.map((s) => s.status))).toEqual(new Set([503]))
          expect(refused.every((s) => Number(s.retryAfter) >= 1)).toBe(true)
          expect((await fetch(`${stage.url}/readyz`)).status).toBe(503)
          expect((await fetch(`${stage.url}/healthz`)).status).toBe(200)
          expect(stage.exitReason()).toBeUndefined()

          await restoreEngine(targets)
          await vi.waitFor(
            async () => expect((await fetch(`${stage.url}/readyz`)).status).toBe(200),
            WAIT,
          )
          const after = await sender.sendUntilAcknowledged('after')
          const ids = (await sender.history()).map((m) => m.id)
          expect(ids).toContain(before)
          expect(ids).toContain(after)
          expect(new Set(ids).size).toBe(ids.length)
        },
      )

      // A stage with a single database exits when it cannot load users and guilds at its start. Its
      // supervisor starts it again.
      if (identifiable)
        it.each(outages)(
          'starts while it is %s, and serves by itself when it is back',
          async (_how, breakEngine, restoreEngine) => {
            await using targets = await open()
            const { stage } = targets
            const sender = await newSender(stage.url)
            const before = await sender.sendUntilAcknowledged('before')
            await breakEngine(targets)
            await stage.kill()
            await stage.restart()
            expect((await sender.send('away')).status).toBe(503)
            expect((await fetch(`${stage.url}/readyz`)).status).toBe(503)
            await restoreEngine(targets)
            await vi.waitFor(
              async () => expect((await fetch(`${stage.url}/readyz`)).status).toBe(200),
              WAIT,
            )
            const after = await sender.sendUntilAcknowledged('after')
            expect((await sender.history()).map((m) => m.id)).toEqual(
              expect.arrayContaining([before, after]),
            )
          },
        )

      const identifies = identifiable
        ? 'identifies clients during the outage'
        : 'identifies a client again after the outage'
      it(identifies, async () => {
        await using targets = await open()
        const { stage, engine } = targets
        const user = await fetch(`${stage.url}/workshop/users`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: 'patient' }),
        })
        const { token } = (await user.json()) as { token: string }
        const gatewayUrl = await askGateway(stage.url)
        await engine.kill()
        // Clients reconnect after close code 4000, and not after the code for a wrong token.
        expect(await identify(gatewayUrl, token)).toBe(identifiable ? 'READY' : 4_000)
        await engine.restart()
        await vi.waitFor(async () => expect(await identify(gatewayUrl, token)).toBe('READY'), WAIT)
      })
    },
  )
}

/** Identifies on a new socket. Resolves to READY, or to the close code. */
function identify(gatewayUrl: string, token: string): Promise<'READY' | number> {
  const socket = new WebSocket(`${gatewayUrl}/?v=10&encoding=json`)
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

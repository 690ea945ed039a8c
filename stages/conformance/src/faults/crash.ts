import { iterations } from '@threshold/engines/testing'
import pLimit from 'p-limit'
import { describe, expect, it } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender, type SendResult, type TestSender } from './sender.ts'

const SUITE_MS = iterations(240_000, 600_000)
/** Concurrent retries, as many as a client library makes. More would be answered 503. */
const CONCURRENT_RETRIES = 16

/** Concurrent sends, so that they are at different steps. Full test runs send all at once. */
const CONCURRENT_SENDS = iterations(64, Number.POSITIVE_INFINITY)

const nonces = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

/**
 * `kill -9` may cost answers and never an acknowledged message. Each round sends many messages,
 * kills a process meanwhile, restarts it, and retries the unacknowledged sends with the same nonce.
 * Afterwards each message exists once.
 */
export function testCrash(
  name: string,
  open: () => Promise<FaultTargets>,
  { rounds = iterations(1, 10), sends: count = iterations(300, 1_000) } = {},
): void {
  describe(`${name}, killed`, { timeout: SUITE_MS }, () => {
    it(`loses and duplicates no acknowledged message when it is killed during ${count} sends, ${rounds === 1 ? 'once' : `${rounds} times`}`, async () => {
      await using targets = await open()
      const { stage } = targets
      let killedWhileSending = 0
      for (let round = 0; round < rounds; round++) {
        const sender = await newSender(stage.url)
        const sends = nonces(`round${round}`, count)
        // Later in each round, and early enough that sends are under way.
        const after = Math.floor((count / 2 / rounds) * (round + 1))
        const { sent, interrupted } = await interrupt(
          sends,
          sender.send,
          after,
          stage.kill.bind(stage),
        )
        expect(stage.exitReason()).toContain('SIGKILL')
        await stage.restart()
        if (interrupted > 0) killedWhileSending += 1
        await expectEachOnce(sender, sent)
      }
      expect(
        killedWhileSending,
        'rounds in which sends were under way at the kill',
      ).toBeGreaterThan(rounds / 2)
    })

    it('loses no acknowledged message when its database is killed, and keeps running', async () => {
      await using targets = await open()
      const { stage, engine } = targets
      const sender = await newSender(stage.url)
      const { sent } = await interrupt(
        nonces('engine', count),
        sender.send,
        count / 4,
        engine.kill.bind(engine),
      )
      expect(stage.exitReason()).toBeUndefined()
      await engine.restart()
      await expectEachOnce(sender, sent)
      expect(stage.exitReason()).toBeUndefined()
    })

    it('loses no acknowledged message on SIGTERM, and answers pending requests', async () => {
      await using targets = await open()
      const { stage } = targets
      const sender = await newSender(stage.url)
      const { sent } = await interrupt(
        nonces('term', count),
        sender.send,
        count / 4,
        stage.restart.bind(stage),
      )
      // Each send is acknowledged, told to retry, or finds the port closed. None is refused.
      expect(
        [...new Set(sent.map((s) => s.status))].filter((status) => ![0, 200, 503].includes(status)),
      ).toEqual([])
      await expectEachOnce(sender, sent)
    })
  })
}

interface Interrupted {
  readonly sent: readonly SendResult[]
  /** Sends that were under way just before `act` and got no answer. */
  readonly interrupted: number
}

/** Runs `act` once `after` sends are acknowledged. Resolves when all sends have ended. */
async function interrupt(
  all: readonly string[],
  send: (nonce: string) => Promise<SendResult>,
  after: number,
  act: () => Promise<void>,
): Promise<Interrupted> {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const limit = pLimit(CONCURRENT_SENDS)
  const underWay = new Set<string>()
  let acknowledged = 0
  const sends = all.map((nonce) =>
    limit(async () => {
      underWay.add(nonce)
      const sent = await send(nonce)
      underWay.delete(nonce)
      if (sent.id !== undefined) acknowledged += 1
      if (acknowledged >= after) resolve()
      return sent
    }),
  )
  await Promise.race([reached, Promise.all(sends)])
  const pending = new Set(underWay)
  await act()
  const sent = await Promise.all(sends)
  return {
    sent,
    interrupted: sent.filter(({ nonce, status }) => pending.has(nonce) && status === 0).length,
  }
}

async function expectEachOnce(sender: TestSender, sent: readonly SendResult[]): Promise<void> {
  const limit = pLimit(CONCURRENT_RETRIES)
  const acknowledged = new Map(
    await Promise.all(
      sent.map(({ nonce, id }) =>
        limit(async () => [nonce, id ?? (await sender.sendUntilAcknowledged(nonce))] as const),
      ),
    ),
  )
  const history = await sender.history()
  const ids = new Set(history.map((m) => m.id))
  expect(
    [...acknowledged].filter(([, id]) => !ids.has(id)).map(([nonce]) => nonce),
    'acknowledged and missing',
  ).toEqual([])
  expect(history.length - new Set(history.map((m) => m.nonce)).size, 'duplicates').toBe(0)
  expect(history.length).toBe(sent.length)
}

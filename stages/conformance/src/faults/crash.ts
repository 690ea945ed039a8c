import { iterations as often } from '@threshold/engines/testing'
import pLimit from 'p-limit'
import { describe, expect, it } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender, type SendResult } from './sender.ts'

const SUITE_MS = often(240_000, 600_000)
/**
 * As many as a client library has under way: enough to hurry, and no flood that would be asked to
 * come again.
 */
const INSISTING_AT_ONCE = 16

/**
 * A stream, so that each is on another of a send's steps. Tried in full it is a volley, and as many
 * are under way as are sent.
 */
const SENDING_AT_ONCE = often(64, Number.POSITIVE_INFINITY)

const nonces = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

/**
 * What `kill -9` may cost: answers, never acknowledged messages. Each round sends many messages,
 * kills in their midst, starts again, and sends what was not acknowledged once more under the same
 * nonce. Then each is there once.
 */
export function testCrash(
  name: string,
  open: () => Promise<FaultTargets>,
  { rounds = often(1, 10), sends: count = often(300, 1_000) } = {},
): void {
  describe(`${name}, killed`, { timeout: SUITE_MS }, () => {
    it(`loses no acknowledged message and doubles none when its process is killed in the midst of ${count} sends, ${rounds === 1 ? 'once' : `${rounds} times`}`, async () => {
      await using victims = await open()
      const { stage } = victims
      let killedWhileSending = 0
      for (let round = 0; round < rounds; round++) {
        const place = await newSender(stage.url)
        const sends = nonces(`round${round}`, count)
        // Later each time, and never so late that there are not enough left to be in the midst of.
        const after = Math.floor((count / 2 / rounds) * (round + 1))
        const { sent, caught } = await interrupt(sends, place.send, after, stage.kill.bind(stage))
        expect(stage.exitReason()).toContain('SIGKILL')
        await stage.restart()
        if (caught > 0) killedWhileSending += 1
        await eachIsThereOnce(place, sent)
      }
      expect(killedWhileSending, 'rounds in which the kill met sends under way').toBeGreaterThan(
        rounds / 2,
      )
    })

    it('loses no acknowledged message when its database is killed, and goes on without being restarted', async () => {
      await using victims = await open()
      const { stage, engine } = victims
      const place = await newSender(stage.url)
      const { sent } = await interrupt(
        nonces('engine', count),
        place.send,
        count / 4,
        engine.kill.bind(engine),
      )
      expect(stage.exitReason()).toBeUndefined()
      await engine.restart()
      await eachIsThereOnce(place, sent)
      expect(stage.exitReason()).toBeUndefined()
    })

    it('loses no acknowledged message on SIGTERM, and answers what is under way', async () => {
      await using victims = await open()
      const { stage } = victims
      const place = await newSender(stage.url)
      const { sent } = await interrupt(
        nonces('term', count),
        place.send,
        count / 4,
        stage.restart.bind(stage),
      )
      // Never an answer that means "no": acknowledged, asked to come again, or the door already
      // shut.
      expect(
        [...new Set(sent.map((s) => s.status))].filter((status) => ![0, 200, 503].includes(status)),
      ).toEqual([])
      await eachIsThereOnce(place, sent)
    })
  })
}

interface Interrupted {
  readonly sent: readonly SendResult[]
  /** Sends that were under way just before `act`, and were never answered. */
  readonly caught: number
}

/**
 * Runs `act` once `after` of the sends are acknowledged, and waits for all of them to end one way
 * or another.
 */
async function interrupt(
  all: readonly string[],
  send: (nonce: string) => Promise<SendResult>,
  after: number,
  act: () => Promise<void>,
): Promise<Interrupted> {
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  const few = pLimit(SENDING_AT_ONCE)
  const underWay = new Set<string>()
  let acknowledged = 0
  const sends = all.map((nonce) =>
    few(async () => {
      underWay.add(nonce)
      const sent = await send(nonce)
      underWay.delete(nonce)
      if (sent.id !== undefined) acknowledged += 1
      if (acknowledged >= after) resolve()
      return sent
    }),
  )
  await Promise.race([enough, Promise.all(sends)])
  const then = new Set(underWay)
  await act()
  const sent = await Promise.all(sends)
  return {
    sent,
    caught: sent.filter(({ nonce, status }) => then.has(nonce) && status === 0).length,
  }
}

async function eachIsThereOnce(
  place: Awaited<ReturnType<typeof newSender>>,
  sent: readonly SendResult[],
): Promise<void> {
  const few = pLimit(INSISTING_AT_ONCE)
  const acknowledged = new Map(
    await Promise.all(
      sent.map(({ nonce, id }) =>
        few(async () => [nonce, id ?? (await place.sendUntilAcknowledged(nonce))] as const),
      ),
    ),
  )
  const history = await place.history()
  const ids = new Set(history.map((m) => m.id))
  expect(
    [...acknowledged].filter(([, id]) => !ids.has(id)).map(([nonce]) => nonce),
    'acknowledged and missing',
  ).toEqual([])
  expect(history.length - new Set(history.map((m) => m.nonce)).size, 'doubled').toBe(0)
  expect(history.length).toBe(sent.length)
}

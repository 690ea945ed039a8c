import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { BACKOFF_MS, EXPIRY_MS, type NotifierHarness, notificationOf } from './notifier-harness.ts'

/** Retries while the sink is away, and pushes that survive a restart of the notifier. */
export function notifierRetries(harness: NotifierHarness): void {
  describe('while the sink is away', () => {
    it('a push is retried with growing pauses until it is accepted', async () => {
      const notifier = await harness.start()
      harness.sink.answer = 503
      const message = await harness.send(notifier)
      await harness.expectArrival(message, 5)
      harness.sink.answer = 204
      await harness.expectArrival(message, 6)
      await harness.expectLaterPushes(notifier)
      const tries = harness.sink.arrivalsOf(message.id)
      expect(tries).toHaveLength(6)
      const pauses = tries.slice(1).map(({ at }, i) => at - tries[i]!.at)
      // Lower bounds only, because a busy machine is slower. Clocks may differ by a millisecond.
      pauses.forEach(
        (pause, i) => void expect(pause).toBeGreaterThanOrEqual(BACKOFF_MS * 2 ** i - 2),
      )
      for (const { headers, body } of tries)
        expect([headers['idempotency-key'], body]).toEqual([message.id, tries[0]!.body])
    })

    it.each([408, 429, 500, 'hang up'] as const)('a push is retried after %s', async (answer) => {
      const notifier = await harness.start()
      harness.sink.answer = answer
      const message = await harness.send(notifier)
      await harness.expectArrival(message, 2)
      harness.sink.answer = 204
      await harness.expectArrival(message, 3)
    })

    it('no push is lost, and enqueueing goes on', async () => {
      const notifier = await harness.start()
      await harness.sink.stop()
      const messages = await Promise.all(Array.from({ length: 5 }, () => harness.send(notifier)))
      await harness.sink.restart()
      await Promise.all(messages.map((message) => harness.expectArrival(message)))
    })

    it.each([400, 401, 404, 410])('a push is given up after %s', async (answer) => {
      const notifier = await harness.start()
      harness.sink.answer = answer
      const message = await harness.send(notifier)
      await harness.expectArrival(message)
      harness.sink.answer = 204
      harness.aheadMs = EXPIRY_MS
      await harness.expectLaterPushes(notifier)
      expect(harness.sink.arrivalsOf(message.id)).toHaveLength(1)
    })
  })

  describe('after a restart', () => {
    it('pushes are sent that waited for the sink or for their message', async () => {
      await harness.sink.stop()
      const first = await harness.start()
      const tried = await harness.send(first)
      const early = aMessage(newId())
      await first.enqueue(notificationOf(early), testDeadline())
      await first[Symbol.asyncDispose]()
      await harness.store(early)
      await harness.sink.restart()
      harness.aheadMs = 120_000 // longer than the pauses before a retry
      await harness.start()
      await harness.expectArrival(tried)
      await harness.expectArrival(early)
    })

    it('a push without an answer is sent again with the same key', async () => {
      harness.sink.answer = 'keep silent'
      const first = await harness.start()
      const message = await harness.send(first)
      await harness.expectArrival(message)
      await first[Symbol.asyncDispose]()
      harness.sink.answer = 204
      const second = await harness.start()
      await harness.expectArrival(message, 2)
      await harness.expectLaterPushes(second)
      expect(
        harness.sink.arrivalsOf(message.id).map(({ headers }) => headers['idempotency-key']),
      ).toEqual([message.id, message.id])
    })

    it('an acknowledged push is sent, also if the notifier stopped at once', async () => {
      const first = await harness.start()
      const message = aMessage(newId())
      await first.enqueue(notificationOf(message), testDeadline())
      await first[Symbol.asyncDispose]()
      await harness.store(message)
      harness.aheadMs = 60_000
      await harness.start()
      await harness.expectArrival(message)
    })
  })
}

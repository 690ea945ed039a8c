import type { Notification } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import {
  EXPIRY_MS,
  type NotifierFixture,
  NotifierHarness,
  notificationOf,
  WAIT,
} from './notifier-harness.ts'
import { notifierRetries } from './notifier-retries.ts'
import { describeLocalAndRemote } from './suite.ts'

const notifications = fc.record(
  {
    guildId: fc.constantFrom('1', '80351110224678912'),
    reason: fc.constantFrom('mention' as const, 'dm' as const),
    recipients: fc.uniqueArray(fc.constantFrom('1', '2', '9007199254740993'), { minLength: 1 }),
    content: fc.string({
      unit: fc.constantFrom('a', ' ', '\u{1F600}', '<', '"', 'é'),
      minLength: 0,
      maxLength: 200,
      size: 'max',
    }),
  },
  { requiredKeys: ['reason', 'recipients', 'content'], noNullPrototype: true },
)

/** The contract of a Notifier, with a real HTTP server as its sink. */
export function testNotifier(
  name: string,
  open: (use: AsyncDisposableStack) => Promise<NotifierFixture>,
): void {
  describeLocalAndRemote(`${name} as a notifier`, (through) => {
    const harness = new NotifierHarness(open, through)
    notifierPushes(harness)
    notifierRetries(harness)
  })
}

function notifierPushes(harness: NotifierHarness): void {
  describe('a push', () => {
    it('is sent soon when the clock of the process before was ten minutes ahead', async () => {
      const message = aMessage(newId())
      harness.aheadMs = 600_000
      const ahead = await harness.start()
      await vi.waitFor(() => ahead.enqueue(notificationOf(message), testDeadline()), WAIT)
      await ahead[Symbol.asyncDispose]()
      await harness.store(message)
      harness.aheadMs = 0
      await harness.start()
      await harness.expectArrival(message)
    })

    it('is the notification with its content cut, and has the message id in Idempotency-Key', async () => {
      const notifier = await harness.start()
      await fc.assert(
        fc.asyncProperty(notifications, async (fields) => {
          const message = aMessage(newId(), { content: fields.content })
          const notification = notificationOf(message, fields)
          await notifier.enqueue(notification, testDeadline())
          await harness.store(message)
          await harness.expectArrival(message)
          const [{ method, headers, body }] = harness.sink.arrivalsOf(message.id) as [
            (typeof harness.sink.arrivals)[0],
          ]
          expect([method, headers['content-type'], headers['idempotency-key']]).toEqual([
            'POST',
            'application/json',
            message.id,
          ])
          const { content } = body as Notification & typeof body
          expect({ ...body, content: '' }).toEqual({ ...notification, content: '' })
          if (notification.content.length <= 120) expect(content).toBe(notification.content)
          else {
            expect(content.length).toBeLessThanOrEqual(120)
            expect(notification.content.startsWith(content.replace(/…$/, ''))).toBe(true)
            expect(content.length).toBeGreaterThan(110)
          }
          expect(content.isWellFormed()).toBe(true)
        }),
        { numRuns: 12 },
      )
    })

    it('arrives once, however often its send was retried', async () => {
      const notifier = await harness.start()
      const message = aMessage(newId())
      await Promise.all(
        Array.from({ length: 5 }, () => notifier.enqueue(notificationOf(message), testDeadline())),
      )
      await harness.store(message)
      await harness.expectArrival(message)
      await harness.expectLaterPushes(notifier)
      expect(harness.sink.arrivalsOf(message.id)).toHaveLength(1)
    })

    it('waits until its message is stored', async () => {
      const notifier = await harness.start()
      const message = aMessage(newId())
      await notifier.enqueue(notificationOf(message), testDeadline())
      await harness.expectLaterPushes(notifier)
      expect(harness.sink.arrivalsOf(message.id)).toEqual([])
      await harness.store(message)
      await harness.expectArrival(message)
    })

    it('is dropped if its message is never stored', async () => {
      const notifier = await harness.start()
      const never = aMessage(newId())
      await notifier.enqueue(notificationOf(never), testDeadline())
      await harness.expectLaterPushes(notifier)
      harness.aheadMs = EXPIRY_MS
      await harness.expectLaterPushes(notifier)
      await harness.store(never) // too late: a push that still waits would be sent now
      harness.aheadMs = 2 * EXPIRY_MS
      await harness.expectLaterPushes(notifier)
      expect(harness.sink.arrivalsOf(never.id)).toEqual([])
    })

    it('arrives among many at once', async () => {
      const notifier = await harness.start()
      const messages = await Promise.all(Array.from({ length: 60 }, () => harness.send(notifier)))
      await Promise.all(messages.map((message) => harness.expectArrival(message)))
    })
  })
}

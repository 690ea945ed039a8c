import type { StoredMessage } from '@threshold/domain'
import type { Clock } from '@threshold/kit'
import type { Notification, Notifier } from '@threshold/ports'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { type PushSink, pushSink } from './push-sink.ts'
import { describeLocalAndRemote, OPEN_MS } from './suite.ts'

/** The environment of a notifier: the message store, and the state that survives a restart. */
export interface NotifierFixture {
  store(message: StoredMessage): Promise<void>
  /**
   * Starts a notifier on the state that earlier ones left. Its first retry comes after `backoffMs`,
   * and each pause is longer than the one before.
   */
  start(sink: {
    readonly url: string
    readonly backoffMs: number
    readonly clock: Clock
  }): Promise<Notifier>
}

/** Longer than any notifier waits for a missing message. */
const EXPIRY_MS = 24 * 3_600_000
const BACKOFF_MS = 60
const WAIT = { timeout: 60_000, interval: 10 }

const notificationOf = (
  message: StoredMessage,
  fields: Partial<Notification> = {},
): Notification => ({
  v: 1,
  id: message.id,
  channelId: message.channelId,
  reason: 'dm',
  recipients: [newId()],
  author: { id: message.authorId, username: 'ada' },
  content: message.content,
  ...fields,
})

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
    const outer = new AsyncDisposableStack()
    let fixture: NotifierFixture
    let use: AsyncDisposableStack
    let sink: PushSink
    let aheadMs: number
    beforeAll(async () => {
      fixture = await open(outer)
    }, OPEN_MS)
    afterAll(() => outer.disposeAsync(), OPEN_MS)
    beforeEach(async () => {
      use = new AsyncDisposableStack()
      sink = use.use(await pushSink())
      aheadMs = 0
    })
    afterEach(() => use.disposeAsync())

    const start = async (): Promise<Notifier> => {
      const clock = { now: () => Date.now() + aheadMs }
      return through(use.use(await fixture.start({ url: sink.url, backoffMs: BACKOFF_MS, clock })))
    }
    const send = async (
      notifier: Notifier,
      message = aMessage(newId()),
    ): Promise<StoredMessage> => {
      // Retries like a client after a 503: a slow engine may refuse some of many pushes.
      await vi.waitFor(() => notifier.enqueue(notificationOf(message), testDeadline()), WAIT)
      await fixture.store(message)
      return message
    }
    const expectArrival = ({ id }: { id: string }, times = 1): Promise<void> =>
      vi.waitFor(() => expect(sink.arrivalsOf(id).length).toBeGreaterThanOrEqual(times), WAIT)
    /** Waits until two later pushes arrived. Every earlier push that can be sent was then sent. */
    const expectLaterPushes = async (notifier: Notifier): Promise<void> => {
      for (let i = 0; i < 2; i++) await expectArrival(await send(notifier))
    }

    describe('a push', () => {
      it('is sent soon when the clock of the process before was ten minutes ahead', async () => {
        const message = aMessage(newId())
        aheadMs = 600_000
        const ahead = await start()
        await vi.waitFor(() => ahead.enqueue(notificationOf(message), testDeadline()), WAIT)
        await ahead[Symbol.asyncDispose]()
        await fixture.store(message)
        aheadMs = 0
        await start()
        await expectArrival(message)
      })

      it('is the notification with its content cut, and has the message id in Idempotency-Key', async () => {
        const notifier = await start()
        await fc.assert(
          fc.asyncProperty(notifications, async (fields) => {
            const message = aMessage(newId(), { content: fields.content })
            const notification = notificationOf(message, fields)
            await notifier.enqueue(notification, testDeadline())
            await fixture.store(message)
            await expectArrival(message)
            const [{ method, headers, body }] = sink.arrivalsOf(message.id) as [
              (typeof sink.arrivals)[0],
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
        const notifier = await start()
        const message = aMessage(newId())
        await Promise.all(
          Array.from({ length: 5 }, () =>
            notifier.enqueue(notificationOf(message), testDeadline()),
          ),
        )
        await fixture.store(message)
        await expectArrival(message)
        await expectLaterPushes(notifier)
        expect(sink.arrivalsOf(message.id)).toHaveLength(1)
      })

      it('waits until its message is stored', async () => {
        const notifier = await start()
        const message = aMessage(newId())
        await notifier.enqueue(notificationOf(message), testDeadline())
        await expectLaterPushes(notifier)
        expect(sink.arrivalsOf(message.id)).toEqual([])
        await fixture.store(message)
        await expectArrival(message)
      })

      it('is dropped if its message is never stored', async () => {
        const notifier = await start()
        const never = aMessage(newId())
        await notifier.enqueue(notificationOf(never), testDeadline())
        await expectLaterPushes(notifier)
        aheadMs = EXPIRY_MS
        await expectLaterPushes(notifier)
        await fixture.store(never) // too late: a push that still waits would be sent now
        aheadMs = 2 * EXPIRY_MS
        await expectLaterPushes(notifier)
        expect(sink.arrivalsOf(never.id)).toEqual([])
      })

      it('arrives among many at once', async () => {
        const notifier = await start()
        const messages = await Promise.all(Array.from({ length: 60 }, () => send(notifier)))
        await Promise.all(messages.map((message) => expectArrival(message)))
      })
    })

    describe('while the sink is away', () => {
      it('a push is retried with growing pauses until it is accepted', async () => {
        const notifier = await start()
        sink.answer = 503
        const message = await send(notifier)
        await expectArrival(message, 5)
        sink.answer = 204
        await expectArrival(message, 6)
        await expectLaterPushes(notifier)
        const tries = sink.arrivalsOf(message.id)
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
        const notifier = await start()
        sink.answer = answer
        const message = await send(notifier)
        await expectArrival(message, 2)
        sink.answer = 204
        await expectArrival(message, 3)
      })

      it('no push is lost, and enqueueing goes on', async () => {
        const notifier = await start()
        await sink.stop()
        const messages = await Promise.all(Array.from({ length: 5 }, () => send(notifier)))
        await sink.restart()
        await Promise.all(messages.map((message) => expectArrival(message)))
      })

      it.each([400, 401, 404, 410])('a push is given up after %s', async (answer) => {
        const notifier = await start()
        sink.answer = answer
        const message = await send(notifier)
        await expectArrival(message)
        sink.answer = 204
        aheadMs = EXPIRY_MS
        await expectLaterPushes(notifier)
        expect(sink.arrivalsOf(message.id)).toHaveLength(1)
      })
    })

    describe('after a restart', () => {
      it('pushes are sent that waited for the sink or for their message', async () => {
        await sink.stop()
        const first = await start()
        const tried = await send(first)
        const early = aMessage(newId())
        await first.enqueue(notificationOf(early), testDeadline())
        await first[Symbol.asyncDispose]()
        await fixture.store(early)
        await sink.restart()
        aheadMs = 120_000 // longer than the pauses before a retry
        await start()
        await expectArrival(tried)
        await expectArrival(early)
      })

      it('a push without an answer is sent again with the same key', async () => {
        sink.answer = 'keep silent'
        const first = await start()
        const message = await send(first)
        await expectArrival(message)
        await first[Symbol.asyncDispose]()
        sink.answer = 204
        const second = await start()
        await expectArrival(message, 2)
        await expectLaterPushes(second)
        expect(
          sink.arrivalsOf(message.id).map(({ headers }) => headers['idempotency-key']),
        ).toEqual([message.id, message.id])
      })

      it('an acknowledged push is sent, also if the notifier stopped at once', async () => {
        const first = await start()
        const message = aMessage(newId())
        await first.enqueue(notificationOf(message), testDeadline())
        await first[Symbol.asyncDispose]()
        await fixture.store(message)
        aheadMs = 60_000
        await start()
        await expectArrival(message)
      })
    })
  })
}

import type { StoredMessage } from '@threshold/domain'
import type { Clock } from '@threshold/kit'
import type { Notification, Notifier } from '@threshold/ports'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { type PushSink, pushSink } from './push-sink.ts'
import { describeLocalAndRemote, OPEN_MS } from './suite.ts'

/**
 * What lies around a notifier: the messages that pushes are about, and what outlives the notifier.
 */
export interface NotifierFixture {
  store(message: StoredMessage): Promise<void>
  /**
   * On what earlier ones have left behind. The first retry comes after `backoffMs`, and each pause
   * is longer than the last.
   */
  start(sink: {
    readonly url: string
    readonly backoffMs: number
    readonly clock: Clock
  }): Promise<Notifier>
}

/** Longer than any notifier waits for a message that does not come. */
const FOR_EVER_MS = 24 * 3_600_000
const BACKOFF_MS = 60
const PATIENCE = { timeout: 60_000, interval: 10 }

const about = (message: StoredMessage, fields: Partial<Notification> = {}): Notification => ({
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

/** The laws of a Notifier, with a real HTTP server as its sink. */
export function testNotifier(
  name: string,
  open: (use: AsyncDisposableStack) => Promise<NotifierFixture>,
): void {
  describeLocalAndRemote(`${name} as a notifier`, (through) => {
    const outer = new AsyncDisposableStack()
    let world: NotifierFixture
    let use: AsyncDisposableStack
    let sink: PushSink
    let aheadMs: number
    beforeAll(async () => {
      world = await open(outer)
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
      return through(use.use(await world.start({ url: sink.url, backoffMs: BACKOFF_MS, clock })))
    }
    const send = async (
      notifier: Notifier,
      message = aMessage(newId()),
    ): Promise<StoredMessage> => {
      // Again, as a client whose send was answered 503: many at once are more than a slow engine
      // takes in.
      await vi.waitFor(() => notifier.enqueue(about(message), testDeadline()), PATIENCE)
      await world.store(message)
      return message
    }
    const arrives = ({ id }: { id: string }, times = 1): Promise<void> =>
      vi.waitFor(() => expect(sink.arrivalsOf(id).length).toBeGreaterThanOrEqual(times), PATIENCE)
    /** Once two that came later are through, whatever could have been sent before them has been. */
    const passed = async (notifier: Notifier): Promise<void> => {
      for (let i = 0; i < 2; i++) await arrives(await send(notifier))
    }

    describe('a push', () => {
      it('sends soon what an earlier process left whose clock was ten minutes ahead', async () => {
        const message = aMessage(newId())
        aheadMs = 600_000
        const ahead = await start()
        await vi.waitFor(() => ahead.enqueue(about(message), testDeadline()), PATIENCE)
        await ahead[Symbol.asyncDispose]()
        await world.store(message)
        aheadMs = 0
        await start()
        await arrives(message)
      })

      it('is the notification with its content cut, and names its message in Idempotency-Key', async () => {
        const notifier = await start()
        await fc.assert(
          fc.asyncProperty(notifications, async (fields) => {
            const message = aMessage(newId(), { content: fields.content })
            const notification = about(message, fields)
            await notifier.enqueue(notification, testDeadline())
            await world.store(message)
            await arrives(message)
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

      it('comes once, however often its send was tried', async () => {
        const notifier = await start()
        const message = aMessage(newId())
        await Promise.all(
          Array.from({ length: 5 }, () => notifier.enqueue(about(message), testDeadline())),
        )
        await world.store(message)
        await arrives(message)
        await passed(notifier)
        expect(sink.arrivalsOf(message.id)).toHaveLength(1)
      })

      it('waits for its message, however long that takes to be stored', async () => {
        const notifier = await start()
        const message = aMessage(newId())
        await notifier.enqueue(about(message), testDeadline())
        await passed(notifier)
        expect(sink.arrivalsOf(message.id)).toEqual([])
        await world.store(message)
        await arrives(message)
      })

      it('whose message never came to be is dropped', async () => {
        const notifier = await start()
        const never = aMessage(newId())
        await notifier.enqueue(about(never), testDeadline())
        await passed(notifier)
        aheadMs = FOR_EVER_MS
        await passed(notifier)
        await world.store(never) // too late: were it still waiting, it would go out now
        aheadMs = 2 * FOR_EVER_MS
        await passed(notifier)
        expect(sink.arrivalsOf(never.id)).toEqual([])
      })

      it('each of many at once arrives', async () => {
        const notifier = await start()
        const messages = await Promise.all(Array.from({ length: 60 }, () => send(notifier)))
        await Promise.all(messages.map((message) => arrives(message)))
      })
    })

    describe('while the sink is away', () => {
      it('a push is tried again, each pause longer than the last, until it is taken, and then no more', async () => {
        const notifier = await start()
        sink.answer = 503
        const message = await send(notifier)
        await arrives(message, 5)
        sink.answer = 204
        await arrives(message, 6)
        await passed(notifier)
        const tries = sink.arrivalsOf(message.id)
        expect(tries).toHaveLength(6)
        const pauses = tries.slice(1).map(({ at }, i) => at - tries[i]!.at)
        // At least so long: more is a busy machine. A millisecond is the clock's own grain.
        pauses.forEach(
          (pause, i) => void expect(pause).toBeGreaterThanOrEqual(BACKOFF_MS * 2 ** i - 2),
        )
        for (const { headers, body } of tries)
          expect([headers['idempotency-key'], body]).toEqual([message.id, tries[0]!.body])
      })

      it.each([408, 429, 500, 'hang up'] as const)(
        'a push that is answered by %s is tried again',
        async (answer) => {
          const notifier = await start()
          sink.answer = answer
          const message = await send(notifier)
          await arrives(message, 2)
          sink.answer = 204
          await arrives(message, 3)
        },
      )

      it('nothing is lost, though nobody listens at its address, and enqueueing goes on', async () => {
        const notifier = await start()
        await sink.stop()
        const messages = await Promise.all(Array.from({ length: 5 }, () => send(notifier)))
        await sink.restart()
        await Promise.all(messages.map((message) => arrives(message)))
      })

      it.each([400, 401, 404, 410])(
        'does not mean refused: a push that is answered by %s is given up',
        async (answer) => {
          const notifier = await start()
          sink.answer = answer
          const message = await send(notifier)
          await arrives(message)
          sink.answer = 204
          aheadMs = FOR_EVER_MS
          await passed(notifier)
          expect(sink.arrivalsOf(message.id)).toHaveLength(1)
        },
      )
    })

    describe('over a restart', () => {
      it('pushes are kept: those that waited for the sink, and those that waited for their message', async () => {
        await sink.stop()
        const first = await start()
        const tried = await send(first)
        const early = aMessage(newId())
        await first.enqueue(about(early), testDeadline())
        await first[Symbol.asyncDispose]()
        await world.store(early)
        await sink.restart()
        aheadMs = 120_000 // restarts take their time; so do pauses
        await start()
        await arrives(tried)
        await arrives(early)
      })

      it('a push that was under way is sent again, under the same key', async () => {
        sink.answer = 'keep silent'
        const first = await start()
        const message = await send(first)
        await arrives(message)
        await first[Symbol.asyncDispose]()
        sink.answer = 204
        const second = await start()
        await arrives(message, 2)
        await passed(second)
        expect(
          sink.arrivalsOf(message.id).map(({ headers }) => headers['idempotency-key']),
        ).toEqual([message.id, message.id])
      })

      it('what was acknowledged is sent, though the notifier ended at once', async () => {
        const first = await start()
        const message = aMessage(newId())
        await first.enqueue(about(message), testDeadline())
        await first[Symbol.asyncDispose]()
        await world.store(message)
        aheadMs = 60_000
        await start()
        await arrives(message)
      })
    })
  })
}

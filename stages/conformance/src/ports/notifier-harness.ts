import type { StoredMessage } from '@threshold/domain'
import type { Clock } from '@threshold/kit'
import type { Notification, Notifier } from '@threshold/ports'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { type PushSink, pushSink } from './push-sink.ts'
import { OPEN_MS } from './suite.ts'

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
export const EXPIRY_MS = 24 * 3_600_000
export const BACKOFF_MS = 60
export const WAIT = { timeout: 60_000, interval: 10 }

export const notificationOf = (
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

/** A sink and a clock for each test, and notifiers on them. */
export class NotifierHarness {
  /** The sink of the current test. */
  sink!: PushSink
  /** How far the clock of new notifiers is ahead. It may change while they run. */
  aheadMs = 0
  #fixture!: NotifierFixture
  #use!: AsyncDisposableStack
  readonly #through: (notifier: Notifier) => Notifier

  /** Registers the hooks that open and close the fixture and the sinks. */
  constructor(
    open: (use: AsyncDisposableStack) => Promise<NotifierFixture>,
    through: (notifier: Notifier) => Notifier,
  ) {
    this.#through = through
    const outer = new AsyncDisposableStack()
    beforeAll(async () => {
      this.#fixture = await open(outer)
    }, OPEN_MS)
    afterAll(() => outer.disposeAsync(), OPEN_MS)
    beforeEach(async () => {
      this.#use = new AsyncDisposableStack()
      this.sink = this.#use.use(await pushSink())
      this.aheadMs = 0
    })
    afterEach(() => this.#use.disposeAsync())
  }

  async start(): Promise<Notifier> {
    const clock = { now: () => Date.now() + this.aheadMs }
    const sink = { url: this.sink.url, backoffMs: BACKOFF_MS, clock }
    return this.#through(this.#use.use(await this.#fixture.start(sink)))
  }

  store(message: StoredMessage): Promise<void> {
    return this.#fixture.store(message)
  }

  /** Enqueues a push and stores its message. */
  async send(notifier: Notifier, message = aMessage(newId())): Promise<StoredMessage> {
    // Retries like a client after a 503: a slow engine may refuse some of many pushes.
    await vi.waitFor(() => notifier.enqueue(notificationOf(message), testDeadline()), WAIT)
    await this.store(message)
    return message
  }

  async expectArrival({ id }: { id: string }, times = 1): Promise<void> {
    await vi.waitFor(
      () => expect(this.sink.arrivalsOf(id).length).toBeGreaterThanOrEqual(times),
      WAIT,
    )
  }

  /** Waits until two later pushes arrived. Every earlier push that can be sent was then sent. */
  async expectLaterPushes(notifier: Notifier): Promise<void> {
    for (let i = 0; i < 2; i++) await this.expectArrival(await this.send(notifier))
  }
}

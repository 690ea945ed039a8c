import { AckPolicy, type JsMsg, RetentionPolicy } from '@nats-io/jetstream'
import {
  deadlineAfter,
  decodeJson,
  encodeJson,
  hasCode,
  messageOf,
  type Runtime,
  unavailable,
} from '@threshold/kit'
import type { MessageStore, Notification, Notifier } from '@threshold/ports'
import { createPushClient, type NotificationsConfig } from '@threshold/stage-1/notifications/push'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { z } from 'zod'
import { JETSTREAM_TIMEOUT_MS, type Nats } from '../nats/connect.ts'

const STREAM = 'PUSHES'
const SUBJECT = 'push.send'
const CONSUMER = 'pushes'
const MAX_AGE_MS = 24 * 3_600_000
/** A push that its worker neither acknowledges nor postpones goes to another worker after this. */
const ACK_WAIT_MS = 30_000
const MAX_CONCURRENT = 100
const MAX_PENDING = 10_000
/** After this time a push without a stored message is dropped: its send was never acknowledged. */
const ABANDON_AFTER_MS = 10 * 60_000
const MIN_LOOK_DELAY_MS = 100
const MAX_LOOK_DELAY_MS = 30_000
const MAX_DELAY_MS = 60_000
const STORE_TIMEOUT_MS = 5_000

const pushSchema = z.object({
  v: z.literal(1),
  /** When it was enqueued, in milliseconds since the Unix epoch. */
  at: z.number(),
  notification: z.custom<Notification>((value) => (value as Notification | null)?.v === 1),
})

async function ensureStream({ manager, replicas }: Nats): Promise<void> {
  await manager.streams.add({
    name: STREAM,
    subjects: ['push.*'],
    num_replicas: replicas,
    retention: RetentionPolicy.Workqueue,
    max_age: MAX_AGE_MS * 1_000_000,
  })
}

/** Puts pushes into a stream, from which a push worker of any process sends them. */
export async function jetStreamNotifier(
  nats: Nats,
  { clock }: Pick<Runtime, 'clock'>,
): Promise<Notifier> {
  await ensureStream(nats)
  return {
    async enqueue(notification) {
      const push = encodeJson({ v: 1, at: clock.now(), notification })
      try {
        // A retried send has added its push before, and JetStream drops the second one.
        await nats.jetStream.publish(SUBJECT, push, { msgID: notification.id })
      } catch (error) {
        throw unavailable('NATS', error)
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/**
 * Sends the pushes of the stream. Each is acknowledged after it was sent, so that another worker
 * sends it if this one dies: at least once.
 */
export async function startPushWorker(
  nats: Nats,
  messages: Pick<MessageStore, 'get'>,
  config: NotificationsConfig,
  runtime: Runtime,
): Promise<AsyncDisposable> {
  const { clock, log } = runtime
  await ensureStream(nats)
  await nats.manager.consumers.add(STREAM, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * 1_000_000,
    // A push that waits for its next try counts too.
    max_ack_pending: MAX_PENDING,
    max_deliver: -1,
  })
  const consumer = await nats.jetStream.consumers.get(STREAM, CONSUMER)
  const incoming = await consumer.consume({ max_messages: MAX_CONCURRENT })
  const client = createPushClient(config, runtime)
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  const limit = pLimit(MAX_CONCURRENT)
  /** Failed tries at the sink. Waiting for the message does not count. */
  const attempts = new LRUCache<string, number>({ max: 10_000 })
  /** Pushes whose message was not stored when it was last looked for. */
  const missing = new LRUCache<string, true>({ max: 10_000 })

  async function handle(message: JsMsg): Promise<void> {
    const { at, notification } = pushSchema.parse(decodeJson(message.data))
    const { id, channelId } = notification
    const age = clock.now() - at
    const isLate = age >= ABANDON_AFTER_MS
    // A message that is stored after this look was written too late to be pushed.
    if (isLate && missing.has(id)) return message.ack()
    const deadline = deadlineAfter(STORE_TIMEOUT_MS, clock)
    const [stored] = await messages.get(channelId, [id], deadline)
    if (!stored) {
      missing.set(id, true)
      return isLate
        ? message.ack()
        : message.nak(Math.min(MAX_LOOK_DELAY_MS, Math.max(MIN_LOOK_DELAY_MS, age)))
    }
    missing.delete(id)
    const outcome = await client.send(notification, stop.signal)
    if (outcome !== 'retry') return message.ack()
    // A shutdown cut the push short. The next worker tries it at once.
    if (stop.signal.aborted) return message.nak()
    const tries = (attempts.get(id) ?? 0) + 1
    attempts.set(id, tries)
    if (tries >= config.attempts) return message.ack()
    message.nak(Math.min(MAX_DELAY_MS, config.backoffMs * 2 ** (tries - 1)))
  }

  const consuming = (async () => {
    for await (const message of incoming) {
      const work = limit(handle, message)
        .catch((error: unknown) => {
          const isOutage = hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')
          log.warn({ err: messageOf(error) }, 'a push waits')
          // An entry that no version can read would come again for ever.
          if (isOutage) message.nak(JETSTREAM_TIMEOUT_MS)
          else message.term()
        })
        .finally(() => running.delete(work))
      running.add(work)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await incoming.close()
      await consuming
      await Promise.allSettled(running)
    },
  }
}

import { AckPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import {
  deadlineAfter,
  encodeJson,
  hasCode,
  messageOf,
  type Runtime,
  unavailable,
} from '@threshold/kit'
import type { MessageStore, Notifier } from '@threshold/ports'
import { createPushClient, type NotificationsConfig } from '@threshold/stage-1/notifications/push'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { Counter } from 'prom-client'
import { createCircuit } from '../circuit.ts'
import { JETSTREAM_TIMEOUT_MS, type Nats } from '../nats/connect.ts'
import {
  addDeadLetter,
  type DeadReason,
  ensureDeadStream,
  ensurePushStream,
  PUSH_STREAM,
  PUSH_SUBJECT,
  readPush,
} from '../nats/push-streams.ts'

const CONSUMER = 'pushes'
/** A push whose worker says nothing for this long goes to another worker. */
const ACK_WAIT_MS = 3_000
/** How often a worker says that it still works on its pushes. */
const WORKING_EVERY_MS = 1_000
const CONSUMER_EXISTS = 10_148
const MAX_CONCURRENT = 100
const MAX_PENDING = 10_000
/** After this time a push without a stored message is dropped: its send was never acknowledged. */
const ABANDON_AFTER_MS = 10 * 60_000
const MIN_LOOK_DELAY_MS = 100
const MAX_LOOK_DELAY_MS = 30_000
const MAX_DELAY_MS = 60_000
const STORE_TIMEOUT_MS = 5_000

/** Puts pushes into a stream, from which a push worker of any process sends them. */
export async function jetStreamNotifier(
  nats: Nats,
  { clock }: Pick<Runtime, 'clock'>,
): Promise<Notifier> {
  await ensurePushStream(nats)
  return {
    async enqueue(notification) {
      const push = encodeJson({ v: 1, at: clock.now(), notification })
      try {
        // A retried send has added its push before, and JetStream drops the second one.
        await nats.jetStream.publish(PUSH_SUBJECT, push, { msgID: notification.id })
      } catch (error) {
        throw unavailable('NATS', error)
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/**
 * Sends the pushes of the stream. Each is acknowledged after it was sent, so that another worker
 * sends it if this one dies: at least once. A push that is given up becomes a dead letter first.
 */
export async function startPushWorker(
  nats: Nats,
  messages: Pick<MessageStore, 'get'>,
  config: NotificationsConfig,
  runtime: Runtime,
): Promise<AsyncDisposable> {
  const { clock, log, telemetry } = runtime
  await ensurePushStream(nats)
  await ensureDeadStream(nats)
  await ensureConsumer(nats)
  const consumer = await nats.jetStream.consumers.get(PUSH_STREAM, CONSUMER)
  const incoming = await consumer.consume({ max_messages: MAX_CONCURRENT })
  const client = createPushClient(config, runtime)
  const circuit = createCircuit(
    { role: 'sink', maxConcurrent: MAX_CONCURRENT, openMs: config.backoffMs },
    runtime,
  )
  const deadLetters = new Counter({
    name: 'threshold_dead_letters_total',
    help: 'Pushes that were given up and kept as dead letters, by reason.',
    labelNames: ['reason'],
    registers: [telemetry.registry],
  })
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  const limit = pLimit(MAX_CONCURRENT)
  /** Pushes that this worker has, also those that wait for their turn. */
  const held = new Set<JsMsg>()
  const keepHeld = setInterval(() => {
    for (const message of held) message.working()
  }, WORKING_EVERY_MS)
  /**
   * Tries at the sink, by the push's place in the stream, which a replay changes. Waiting
   * for the message does not count.
   */
  const attempts = new LRUCache<number, number>({ max: 10_000 })
  /** Pushes whose message was not stored when it was last looked for. */
  const missing = new LRUCache<string, true>({ max: 10_000 })

  async function giveUp(message: JsMsg, reason: DeadReason): Promise<void> {
    const tries = attempts.get(message.seq) ?? 0
    await addDeadLetter(nats, message, { reason, attempts: tries, at: clock.now() })
    deadLetters.inc({ reason })
    message.ack()
  }

  async function handle(message: JsMsg): Promise<void> {
    const push = readPush(message.data)
    if (!push) return giveUp(message, 'unreadable')
    const { id, channelId } = push.notification
    const age = clock.now() - push.at
    // It costs no attempt, however long the sink is away.
    if (circuit.isOpen) return message.nak(lookDelay(age))
    const isLate = age >= ABANDON_AFTER_MS
    // A message that is stored after this look was written too late to be pushed.
    if (isLate && missing.has(id)) return message.ack()
    const deadline = deadlineAfter(STORE_TIMEOUT_MS, clock)
    const [stored] = await messages.get(channelId, [id], deadline)
    if (!stored) {
      missing.set(id, true)
      return isLate ? message.ack() : message.nak(lookDelay(age))
    }
    missing.delete(id)
    const failed = attempts.get(message.seq) ?? 0
    const outcome = await circuit.run(
      () => {
        attempts.set(message.seq, failed + 1)
        return client.send(push.notification, stop.signal)
      },
      (answer) => answer === 'retry' && !stop.signal.aborted,
    )
    if (outcome === 'sent') return message.ack()
    if (outcome === 'dropped') return giveUp(message, 'refused')
    // A shutdown cut the push short. The next worker tries it at once.
    if (stop.signal.aborted) return message.nak()
    if (failed + 1 >= config.attempts) return giveUp(message, 'attempts')
    message.nak(Math.min(MAX_DELAY_MS, config.backoffMs * 2 ** failed))
  }

  async function handleOrPostpone(message: JsMsg): Promise<void> {
    try {
      await handle(message)
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) {
        log.error({ err: error }, 'a push made its worker fail')
        return giveUp(message, 'failed')
      }
      log.warn({ err: messageOf(error) }, 'a push waits')
      message.nak(JETSTREAM_TIMEOUT_MS)
    }
  }

  const consuming = (async () => {
    for await (const message of incoming) {
      held.add(message)
      const work = limit(handleOrPostpone, message)
        // It comes again when nothing was said of it for a while.
        .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'a push waits'))
        .finally(() => {
          held.delete(message)
          running.delete(work)
        })
      running.add(work)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await incoming.close()
      await consuming
      await Promise.allSettled(running)
      clearInterval(keepHeld)
    },
  }
}

/** Until a push is looked at again that cannot be sent yet: as long as it has waited. */
const lookDelay = (age: number): number =>
  Math.min(MAX_LOOK_DELAY_MS, Math.max(MIN_LOOK_DELAY_MS, age))

async function ensureConsumer({ manager: { consumers } }: Nats): Promise<void> {
  const ack_wait = ACK_WAIT_MS * 1_000_000
  const config = {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait,
    // A push that waits for its next try counts too.
    max_ack_pending: MAX_PENDING,
    max_deliver: -1,
  }
  await consumers.add(PUSH_STREAM, config).catch(async (error: unknown) => {
    // An earlier version waited longer.
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_EXISTS)) throw error
    await consumers.update(PUSH_STREAM, CONSUMER, { ack_wait })
  })
}

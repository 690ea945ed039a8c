import { deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore, Notification, Notifier } from '@threshold/ports'
import { isDuplicateKey, long, type MongoDatabase } from '../mongodb/database.ts'
import { createPushClient, type NotificationsConfig } from '../notifications/push.ts'

interface OutboxDocument {
  _id: bigint
  v: 1
  notification: Notification
  /** Failed tries at the sink. Waiting for the message does not count. */
  attempts: number
  /**
   * When the push may be tried next. Claiming a push moves it forward, so the push of a worker that
   * died becomes due again by itself.
   */
  dueAt: Date
  createdAt: Date
}

/** How long a claimed push belongs to one worker. */
const CLAIM_MS = 30_000
/**
 * A push whose message is not stored is dropped after this time: its send was never acknowledged.
 * It is longer than the life of a nonce, because a late retry stores the message under the id of
 * the first try.
 */
const ABANDON_AFTER_MS = 10 * 60_000
/** The message is stored some milliseconds after its push, so an earlier look would be in vain. */
const FIRST_LOOK_MS = 40
const MAX_LOOK_DELAY_MS = 30_000
const MAX_DELAY_MS = 60_000
const OPERATION_TIMEOUT_MS = 5_000
const BATCH_SIZE = 20
/** Concurrent pushes, which bounds the memory when the sink is slow. */
const MAX_CONCURRENT = 100

/**
 * An outbox in MongoDB. A push is written before its message and sent after it, by a worker that
 * polls. So a crash at any point loses no push of an acknowledged message, and no push is sent for
 * a message that does not exist. Delivery is at least once: a worker may die between sending a push
 * and deleting its entry.
 */
export async function mongoOutboxNotifier(
  mongo: MongoDatabase,
  messages: Pick<MessageStore, 'get'>,
  config: NotificationsConfig,
  runtime: Runtime,
): Promise<Notifier> {
  const { clock, log } = runtime
  const outbox = mongo.db.collection<OutboxDocument>('outbox')
  await outbox.createIndex({ dueAt: 1 })
  const pushClient = createPushClient(config, runtime)
  const stop = new AbortController()
  const inFlight = new Set<Promise<void>>()
  let endSleep = (): void => {}
  /** A push was added since the worker last looked, so it must look again before it sleeps. */
  let added = false

  const deadline = () => deadlineAfter(OPERATION_TIMEOUT_MS, clock)

  /**
   * Claims up to a batch of due pushes. If two workers read the same push, the update of the second
   * one matches nothing, since the first has moved `dueAt`.
   */
  async function claim(): Promise<OutboxDocument[]> {
    const now = clock.now()
    const claimedUntil = new Date(now + CLAIM_MS)
    // No push is ever delayed this far. A clock that ran ahead made such entries.
    const tooFarAhead = new Date(now + 2 * MAX_DELAY_MS)
    return mongo.run('outbox.claim', deadline(), async () => {
      const due = await outbox
        .find({ $or: [{ dueAt: { $lte: new Date(now) } }, { dueAt: { $gt: tooFarAhead } }] })
        .sort({ dueAt: 1 })
        .limit(BATCH_SIZE)
        .toArray()
      const updates = await Promise.all(
        due.map(({ _id, dueAt }) =>
          outbox.updateOne({ _id, dueAt }, { $set: { dueAt: claimedUntil } }),
        ),
      )
      return due.filter((_, i) => Number(updates[i]!.matchedCount) > 0)
    })
  }

  /** Sends a claimed push, and deletes it or schedules its next try. */
  async function process(entry: OutboxDocument): Promise<void> {
    const { notification } = entry
    const [message] = await messages.get(notification.channelId, [notification.id], deadline())
    const age = clock.now() - entry.createdAt.getTime()
    if (!message && age < ABANDON_AFTER_MS)
      return postpone(entry, Math.min(MAX_LOOK_DELAY_MS, Math.max(100, age)))
    const outcome = message ? await pushClient.send(notification, stop.signal) : 'dropped'
    // A shutdown cut the push short. The next process tries it at once.
    if (outcome === 'retry' && stop.signal.aborted) return postpone(entry, 0)
    const attempts = entry.attempts + 1
    if (outcome === 'retry' && attempts < config.attempts) {
      const backoffMs = Math.min(MAX_DELAY_MS, config.backoffMs * 2 ** (attempts - 1))
      return postpone(entry, backoffMs, attempts)
    }
    await mongo.run('outbox.done', deadline(), () => outbox.deleteOne({ _id: entry._id }))
  }

  async function postpone(
    entry: OutboxDocument,
    ms: number,
    attempts = entry.attempts,
  ): Promise<void> {
    const dueAt = new Date(clock.now() + ms)
    await mongo.run('outbox.later', deadline(), () =>
      outbox.updateOne({ _id: entry._id }, { $set: { dueAt, attempts } }),
    )
  }

  /** Does not wait: a sink that takes seconds for one push must not hold up the others. */
  function start(entry: OutboxDocument): void {
    const work = process(entry)
      .catch((error: unknown) => {
        if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) throw error
        // The push is due again when its claim has run out.
        log.warn({ err: messageOf(error) }, 'a push waits, because its database does not answer')
      })
      .finally(() => inFlight.delete(work))
    inFlight.add(work)
  }

  async function runWorker(): Promise<void> {
    while (!stop.signal.aborted) {
      added = false
      try {
        const claimed = await claim()
        for (const entry of claimed) start(entry)
        if (inFlight.size >= MAX_CONCURRENT) await Promise.race(inFlight)
        if (claimed.length > 0) continue
      } catch (error) {
        log.warn(
          { err: messageOf(error) },
          'the outbox waits, because its database does not answer',
        )
      }
      await sleep()
    }
  }

  /** Until the next poll, or until `wake`. */
  function sleep(): Promise<void> {
    if (added) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, config.pollMs)
      endSleep = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  function wake(): void {
    added = true
    endSleep()
  }
  const worker = config.url === undefined ? Promise.resolve() : runWorker()

  return {
    async enqueue(notification, by) {
      if (config.url === undefined) return // without a sink the outbox would only grow
      const now = clock.now()
      const entry: OutboxDocument = {
        _id: long(notification.id),
        v: 1,
        notification,
        attempts: 0,
        dueAt: new Date(now + FIRST_LOOK_MS),
        createdAt: new Date(now),
      }
      try {
        await mongo.run('outbox.add', by, () => outbox.insertOne(entry))
      } catch (error) {
        // A retried send has added its push before.
        if (!isDuplicateKey(error)) throw error
      }
      setTimeout(wake, FIRST_LOOK_MS + 1).unref()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      wake()
      await worker
      await Promise.allSettled(inFlight)
    },
  }
}

import { deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore, Notification, Notifier } from '@threshold/ports'
import { isDuplicateKey, long, type MongoDatabase } from '../mongodb/database.ts'
import {
  createPushClient,
  type NotificationsConfig,
  type PushClient,
} from '../notifications/push.ts'

interface OutboxDocument {
  _id: bigint
  v: 1
  notification: Notification
  /** Tries that failed at the sink. Waiting for the message is not one. */
  attempts: number
  /**
   * When it may be tried (again). A claim moves it forward, so that a worker that dies gives it
   * back by itself.
   */
  dueAt: Date
  createdAt: Date
}

/** How long a claimed push belongs to one worker. */
const CLAIM_MS = 30_000
/**
 * After this a push whose message was never stored is dropped: the send it belonged to was never
 * acknowledged. Longer than a nonce lives, since a retry that comes late still stores its message
 * under the first try's id.
 */
const ORPHAN_MS = 10 * 60_000
/**
 * The message is stored some milliseconds after its push: to look for it sooner would be to look
 * twice.
 */
const HEAD_START_MS = 40
const MOST_PUT_OFF_MS = 60_000
const BATCH = 20
/** Pushes under way at once: what a sink that is slow for everybody may hold in memory. */
const UNDER_WAY = 100

/**
 * An outbox in the database: written before the message, sent after it. A crash at any point loses
 * no push of an acknowledged message, and sends none for a message that does not exist. Delivery is
 * at least once.
 */
export async function mongoOutboxNotifier(
  mongo: MongoDatabase,
  messages: Pick<MessageStore, 'get'>,
  config: NotificationsConfig,
  runtime: Runtime,
): Promise<Notifier> {
  const outbox = mongo.db.collection<OutboxDocument>('outbox')
  await outbox.createIndex({ dueAt: 1 })
  const push: PushClient = createPushClient(config, runtime)
  const stop = new AbortController()
  let wake = (): void => {}
  /** Something came while the worker was looking: it must look once more before it rests. */
  let woken = false

  const deadline = () => deadlineAfter(5_000, runtime.clock)

  /**
   * Up to a batch of what is due. Of two workers that see the same push one gets it: the other's
   * condition no longer holds.
   */
  async function claim(): Promise<OutboxDocument[]> {
    const now = runtime.clock.now()
    const until = new Date(now + CLAIM_MS)
    return mongo.run('outbox.claim', deadline(), async () => {
      const due = await outbox
        // Due further ahead than anything is put off: by a clock that was ahead.
        .find({
          $or: [
            { dueAt: { $lte: new Date(now) } },
            { dueAt: { $gt: new Date(now + 2 * MOST_PUT_OFF_MS) } },
          ],
        })
        .sort({ dueAt: 1 })
        .limit(BATCH)
        .toArray()
      const won = await Promise.all(
        due.map(({ _id, dueAt }) => outbox.updateOne({ _id, dueAt }, { $set: { dueAt: until } })),
      )
      return due.filter((_, i) => Number(won[i]!.matchedCount) > 0)
    })
  }

  async function settle(entry: OutboxDocument): Promise<void> {
    const { notification } = entry
    const [message] = await messages.get(notification.channelId, [notification.id], deadline())
    const age = runtime.clock.now() - entry.createdAt.getTime()
    if (!message && age < ORPHAN_MS) return later(entry, Math.min(30_000, Math.max(100, age)))
    const sent = message ? await push.send(notification, stop.signal) : 'dropped'
    if (sent === 'retry' && stop.signal.aborted) return later(entry, 0) // cut short by a shutdown: the next process tries at once
    const attempts = entry.attempts + 1
    if (sent === 'retry' && attempts < config.attempts)
      return later(
        entry,
        Math.min(MOST_PUT_OFF_MS, config.backoffMs * 2 ** (attempts - 1)),
        attempts,
      )
    await mongo.run('outbox.done', deadline(), () => outbox.deleteOne({ _id: entry._id }))
  }

  async function later(
    entry: OutboxDocument,
    ms: number,
    attempts = entry.attempts,
  ): Promise<void> {
    const dueAt = new Date(runtime.clock.now() + ms)
    await mongo.run('outbox.later', deadline(), () =>
      outbox.updateOne({ _id: entry._id }, { $set: { dueAt, attempts } }),
    )
  }

  const underWay = new Set<Promise<void>>()
  /**
   * Not waited for: a sink that takes five seconds for one push must not hold up those behind it.
   */
  function begin(entry: OutboxDocument): void {
    const settled = settle(entry)
      .catch((error: unknown) => {
        if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) throw error
        runtime.log.warn({ err: messageOf(error) }, 'a push waits: its database is away') // its claim runs out, and it is due again
      })
      .finally(() => underWay.delete(settled))
    underWay.add(settled)
  }

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      woken = false
      try {
        const claimed = await claim()
        for (const entry of claimed) begin(entry)
        if (underWay.size >= UNDER_WAY) await Promise.race(underWay)
        if (claimed.length > 0) continue
      } catch (error) {
        runtime.log.warn({ err: messageOf(error) }, 'the outbox waits: its database is away')
      }
      await rest()
    }
  }

  function rest(): Promise<void> {
    if (woken) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, config.pollMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  function look(): void {
    woken = true
    wake()
  }
  const working = config.url === undefined ? Promise.resolve() : work()

  return {
    async enqueue(notification, within) {
      if (config.url === undefined) return // nobody listens, so nothing piles up
      const now = runtime.clock.now()
      const times = { dueAt: new Date(now + HEAD_START_MS), createdAt: new Date(now) }
      const entry: OutboxDocument = {
        _id: long(notification.id),
        v: 1,
        notification,
        attempts: 0,
        ...times,
      }
      try {
        await mongo.run('outbox.add', within, () => outbox.insertOne(entry))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error // a retried send: its push is in the outbox already
      }
      setTimeout(look, HEAD_START_MS + 1).unref()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      look()
      await working
      await Promise.allSettled(underWay)
    },
  }
}

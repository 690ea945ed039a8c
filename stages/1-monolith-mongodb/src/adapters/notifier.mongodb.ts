import { messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore, Notification, Notifier } from '@threshold/ports'
import { isDuplicateKey, long, type MongoDatabase } from '../mongodb/database.ts'
import { type NotificationsConfig, type Pusher, pusher } from '../notifications/push.ts'

interface OutboxDocument {
  _id: bigint
  v: 1
  notification: Notification
  attempts: number
  /** When it may be tried (again). A claim moves it forward, so that a worker that dies gives it back by itself. */
  dueAt: Date
  createdAt: Date
}

/** How long a claimed push belongs to one worker. */
const CLAIM_MS = 30_000
/** After this a push whose message was never stored is dropped: the send it belonged to was never acknowledged. */
const ORPHAN_MS = 60_000
const BATCH = 20

/**
 * An outbox in the database: written before the message, sent after it. A crash at any point loses no push of an
 * acknowledged message, and sends none for a message that does not exist. Delivery is at least once.
 */
export async function mongoOutboxNotifier(
  mongo: MongoDatabase,
  messages: Pick<MessageStore, 'get'>,
  config: NotificationsConfig,
  runtime: Runtime,
): Promise<Notifier> {
  const outbox = mongo.db.collection<OutboxDocument>('outbox')
  await outbox.createIndex({ dueAt: 1 })
  const push: Pusher = pusher(config, runtime)
  const stop = new AbortController()
  let wake = (): void => {}

  const deadline = () => ({ at: runtime.clock.now() + 5_000 })

  async function claim(): Promise<OutboxDocument | null> {
    const now = new Date(runtime.clock.now())
    return mongo.run('outbox.claim', deadline(), () =>
      outbox.findOneAndUpdate(
        { dueAt: { $lte: now } },
        { $set: { dueAt: new Date(now.getTime() + CLAIM_MS) }, $inc: { attempts: 1 } },
        { sort: { dueAt: 1 }, returnDocument: 'after' },
      ),
    )
  }

  async function settle(entry: OutboxDocument): Promise<void> {
    const { notification } = entry
    const [message] = await messages.get(notification.channelId, [notification.id], deadline())
    const age = runtime.clock.now() - entry.createdAt.getTime()
    if (!message && age < ORPHAN_MS) return later(entry, 500)
    const sent = message ? await push.send(notification, stop.signal) : 'dropped'
    if (sent === 'retry' && entry.attempts < config.attempts)
      return later(entry, Math.min(60_000, config.backoffMs * 2 ** (entry.attempts - 1)))
    await mongo.run('outbox.done', deadline(), () => outbox.deleteOne({ _id: entry._id }))
  }

  async function later(entry: OutboxDocument, ms: number): Promise<void> {
    const dueAt = new Date(runtime.clock.now() + ms)
    await mongo.run('outbox.later', deadline(), () => outbox.updateOne({ _id: entry._id }, { $set: { dueAt } }))
  }

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const claimed: OutboxDocument[] = []
        for (let entry = await claim(); entry; entry = claimed.length < BATCH ? await claim() : null) claimed.push(entry)
        await Promise.all(claimed.map(settle))
        if (claimed.length > 0) continue
      } catch (error) {
        runtime.log.warn({ err: messageOf(error) }, 'the outbox waits: its database is away')
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, config.pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const working = config.url === undefined ? Promise.resolve() : work()

  return {
    async enqueue(notification, within) {
      if (config.url === undefined) return // nobody listens, so nothing piles up
      const now = new Date(runtime.clock.now())
      const entry: OutboxDocument = { _id: long(notification.id), v: 1, notification, attempts: 0, dueAt: now, createdAt: now }
      try {
        await mongo.run('outbox.add', within, () => outbox.insertOne(entry))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error // a retried send: its push is in the outbox already
      }
      wake()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      wake()
      await working
    },
  }
}

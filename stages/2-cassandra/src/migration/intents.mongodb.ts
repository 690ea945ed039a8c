import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import {
  IN_FLIGHT_MS,
  type RecordedIntent,
  type WriteIntent,
  type WriteIntents,
} from '@threshold/migration'
import { long, type MongoDatabase, text } from '@threshold/stage-1/mongodb'

const REMOVE_AFTER_MS = 25
/** The most failed intents that are remembered as due at once. Others become due by their age. */
const MAX_FAILED = 10_000

interface IntentDocument {
  _id: string
  v: 1
  kind: WriteIntent['kind']
  channelId: bigint
  messageId: bigint
  dedupe?: string | undefined
  emoji?: string
  userId?: bigint
  writeTime?: bigint
  at: Date
  refused?: string
}

/** The intents of `processId` in MongoDB, and those that other processes left behind. */
export async function mongoIntents(
  mongo: MongoDatabase,
  processId: string,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): Promise<WriteIntents> {
  const documents = mongo.db.collection<IntentDocument>('migration_intents')
  await documents.createIndex({ at: 1 })
  let counter = 0
  let completed: string[] = []
  let timer: NodeJS.Timeout | undefined
  const failed = new Set<string>()

  const find = (
    name: string,
    filter: object,
    limit: number,
    deadline: Deadline,
  ): Promise<RecordedIntent[]> =>
    mongo.run(`intents.${name}`, deadline, async () => {
      const found = await documents.find(filter).sort({ at: 1 }).limit(limit).toArray()
      return found.map(fromDocument)
    })
  const before = (ms: number): Date => new Date(clock.now() - ms)

  async function remove(ids: readonly string[], deadline: Deadline): Promise<void> {
    if (ids.length === 0) return
    await mongo.run('intents.remove', deadline, () =>
      documents.deleteMany({ _id: { $in: [...ids] } }),
    )
    for (const id of ids) failed.delete(id)
  }
  async function flush(): Promise<void> {
    timer = undefined
    const ids = completed
    completed = []
    try {
      await remove(ids, deadlineAfter(2_000, clock))
    } catch (error) {
      const fields = { err: messageOf(error), intents: ids.length }
      log.warn(fields, 'completed intents stay, and will be reconciled by their age')
    }
  }

  return {
    async record(intents, deadline) {
      if (intents.length === 0) return []
      const at = new Date(clock.now())
      const recorded = intents.map((intent) => toDocument(`${processId}:${++counter}`, at, intent))
      await mongo.run('intents.note', deadline, () =>
        documents.insertMany(recorded, { ordered: false }),
      )
      return recorded.map(({ _id }) => _id)
    },
    complete(ids) {
      completed.push(...ids)
      if (completed.length > 0) timer ??= setTimeout(flush, REMOVE_AFTER_MS)
    },
    retrySoon(ids) {
      for (const id of ids) if (failed.size < MAX_FAILED) failed.add(id)
    },
    async markRefused(ids, refused, deadline) {
      const at = new Date(clock.now())
      await mongo.run('intents.refused', deadline, () =>
        documents.updateMany({ _id: { $in: [...ids] } }, { $set: { at, refused } }),
      )
      for (const id of ids) failed.delete(id)
    },
    listRefused: (limit, deadline) =>
      find('refusals', { refused: { $exists: true } }, limit, deadline),
    async listDue(limit, deadline) {
      const ids = [...failed].slice(0, limit)
      const again =
        ids.length === 0 ? [] : await find('failed', { _id: { $in: ids } }, limit, deadline)
      const found = new Set(again.map(({ id }) => id))
      for (const id of ids) if (!found.has(id)) failed.delete(id)
      return again.length > 0
        ? again
        : await find('due', { at: { $lte: before(IN_FLIGHT_MS) } }, limit, deadline)
    },
    countOlderThan: (ms, deadline) =>
      mongo.run('intents.count', deadline, async () =>
        Number(await documents.countDocuments({ at: { $lte: before(ms) } })),
      ),
    pendingFor: (ids, deadline) =>
      mongo.run('intents.about', deadline, async () => {
        const found = documents.find(
          { messageId: { $in: ids.map(long) }, refused: { $exists: false } },
          { projection: { messageId: 1 } },
        )
        return new Set((await found.toArray()).map(({ messageId }) => text(messageId)))
      }),
    list: (limit, deadline) => find('all', {}, limit, deadline),
    remove,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      await flush()
    },
  }
}

function toDocument(_id: string, at: Date, intent: WriteIntent): IntentDocument {
  if ('userId' in intent) {
    const { kind, channelId, messageId, emoji, userId, writeTimeMicros } = intent
    return {
      _id,
      v: 1,
      kind,
      channelId: long(channelId),
      messageId: long(messageId),
      emoji,
      userId: long(userId),
      writeTime: writeTimeMicros,
      at,
    }
  }
  const { kind, channelId, id, dedupe } = intent
  return {
    _id,
    v: 1,
    kind,
    channelId: long(channelId),
    messageId: long(id),
    ...(dedupe === undefined ? {} : { dedupe }),
    at,
  }
}

function fromDocument(document: IntentDocument): RecordedIntent {
  const { _id, at, refused } = document
  const intent = intentFrom(document)
  return { id: _id, at, intent, ...(refused === undefined ? {} : { refusal: refused }) }
}

function intentFrom(document: IntentDocument): WriteIntent {
  const { kind, channelId, messageId, dedupe, emoji, userId, writeTime } = document
  if (kind !== 'react' && kind !== 'unreact')
    return { kind, channelId: text(channelId), id: text(messageId), dedupe }
  return {
    kind,
    v: 1,
    channelId: text(channelId),
    messageId: text(messageId),
    emoji: emoji!,
    userId: text(userId!),
    writeTimeMicros: writeTime!,
  }
}

import type { MessageId } from '@threshold/contract'
import type { Reaction } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import { long, type MongoDatabase, text } from '@threshold/stage-1/mongodb'
import type { Gone } from './movable.ts'

/**
 * What is about to be written to two stores, so that whoever dies in between leaves behind where
 * they may differ.
 */
export type Intent =
  | ({ readonly kind: 'insert' | 'edit' | 'remove' } & Gone)
  | ({ readonly kind: 'react' | 'unreact' } & Reaction)

export interface Noted {
  readonly noteId: string
  readonly at: Date
  readonly intent: Intent
  /** Why the second store will not take it. */
  readonly refused?: string
}

export interface Intents extends AsyncDisposable {
  /** Durable once resolved: before the first store is written. */
  note(intents: readonly Intent[], deadline: Deadline): Promise<string[]>
  /**
   * Both stores have it. Removed a moment later, many at once: one that is found again does no
   * harm.
   */
  done(noteIds: readonly string[]): void
  /** The first store has it, and the second could not be reached: due at once. */
  failed(noteIds: readonly string[]): void
  /**
   * The second store will not take the message as it is. It is tried again, behind all others and
   * after some seconds: the message may be edited or deleted, or the store be set up to take it.
   */
  refused(noteIds: readonly string[], why: string, deadline: Deadline): Promise<void>
  /** Those of which the second store has said so. */
  refusals(limit: number, deadline: Deadline): Promise<Noted[]>
  /**
   * Oldest first: what failed here, and what is so old that nobody can be at work on it any more.
   */
  due(limit: number, deadline: Deadline): Promise<Noted[]>
  /** How many there are that are older than this. */
  waiting(olderThanMs: number, deadline: Deadline): Promise<number>
  /** Selects the messages that have a note and may still be settled as they are. */
  about(ids: readonly MessageId[], deadline: Deadline): Promise<ReadonlySet<MessageId>>
  /** All of them, whatever their age: for who knows that nobody writes. */
  all(limit: number, deadline: Deadline): Promise<Noted[]>
  remove(noteIds: readonly string[], deadline: Deadline): Promise<void>
}

/**
 * Longer than a request's deadline and a driver's patience with a socket together: what was sent
 * has arrived, or never will.
 */
export const AT_WORK_MS = 15_000
const GATHER_MS = 25
/** Remembered to be due at once; what is beyond is found by its age. */
const MOST_FAILED = 10_000

interface IntentDocument {
  _id: string
  v: 1
  kind: Intent['kind']
  channelId: bigint
  messageId: bigint
  dedupe?: string | undefined
  emoji?: string
  userId?: bigint
  writeTime?: bigint
  at: Date
  refused?: string
}

export async function createIntents(
  mongo: MongoDatabase,
  by: string,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): Promise<Intents> {
  const documents = mongo.db.collection<IntentDocument>('migration_intents')
  await documents.createIndex({ at: 1 })
  let counted = 0
  let settled: string[] = []
  let timer: NodeJS.Timeout | undefined
  const failures = new Set<string>()

  const find = (
    what: string,
    filter: object,
    limit: number,
    deadline: Deadline,
  ): Promise<Noted[]> =>
    mongo.run(`intents.${what}`, deadline, async () =>
      (await documents.find(filter).sort({ at: 1 }).limit(limit).toArray()).map((one) => ({
        ...{ noteId: one._id, at: one.at, intent: fromDocument(one) },
        ...(one.refused === undefined ? {} : { refused: one.refused }),
      })),
    )
  const before = (ms: number): Date => new Date(clock.now() - ms)

  async function remove(noteIds: readonly string[], deadline: Deadline): Promise<void> {
    if (noteIds.length === 0) return
    await mongo.run('intents.remove', deadline, () =>
      documents.deleteMany({ _id: { $in: [...noteIds] } }),
    )
    for (const noteId of noteIds) failures.delete(noteId)
  }
  async function flush(): Promise<void> {
    timer = undefined
    const noteIds = settled
    settled = []
    try {
      await remove(noteIds, deadlineAfter(2_000, clock))
    } catch (error) {
      log.warn(
        { err: messageOf(error), intents: noteIds.length },
        'intents are left behind; they will be found by their age',
      )
    }
  }

  return {
    async note(intents, deadline) {
      if (intents.length === 0) return []
      const at = new Date(clock.now())
      const noted = intents.map((intent) => toDocument(`${by}:${++counted}`, at, intent))
      await mongo.run('intents.note', deadline, () =>
        documents.insertMany(noted, { ordered: false }),
      )
      return noted.map(({ _id }) => _id)
    },
    done(noteIds) {
      settled.push(...noteIds)
      if (settled.length > 0) timer ??= setTimeout(flush, GATHER_MS)
    },
    failed(noteIds) {
      for (const noteId of noteIds) if (failures.size < MOST_FAILED) failures.add(noteId)
    },
    async refused(noteIds, refused, deadline) {
      const at = new Date(clock.now())
      await mongo.run('intents.refused', deadline, () =>
        documents.updateMany({ _id: { $in: [...noteIds] } }, { $set: { at, refused } }),
      )
      for (const noteId of noteIds) failures.delete(noteId)
    },
    refusals: (limit, deadline) =>
      find('refusals', { refused: { $exists: true } }, limit, deadline),
    async due(limit, deadline) {
      const again = [...failures].slice(0, limit)
      const known =
        again.length === 0 ? [] : await find('failed', { _id: { $in: again } }, limit, deadline)
      const there = new Set(known.map(({ noteId }) => noteId))
      for (const noteId of again) if (!there.has(noteId)) failures.delete(noteId)
      return known.length > 0
        ? known
        : await find('due', { at: { $lte: before(AT_WORK_MS) } }, limit, deadline)
    },
    waiting: (olderThanMs, deadline) =>
      mongo.run('intents.count', deadline, async () =>
        Number(await documents.countDocuments({ at: { $lte: before(olderThanMs) } })),
      ),
    about: (ids, deadline) =>
      mongo.run('intents.about', deadline, async () => {
        const found = documents.find(
          { messageId: { $in: ids.map(long) }, refused: { $exists: false } },
          { projection: { messageId: 1 } },
        )
        return new Set((await found.toArray()).map(({ messageId }) => text(messageId)))
      }),
    all: (limit, deadline) => find('all', {}, limit, deadline),
    remove,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      await flush()
    },
  }
}

function toDocument(_id: string, at: Date, intent: Intent): IntentDocument {
  if ('userId' in intent) {
    const { kind, channelId, messageId, emoji, userId, writeTimeMicros } = intent
    const reaction = { emoji, userId: long(userId), writeTime: writeTimeMicros }
    return {
      _id,
      v: 1,
      kind,
      channelId: long(channelId),
      messageId: long(messageId),
      ...reaction,
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

function fromDocument({
  kind,
  channelId,
  messageId,
  dedupe,
  emoji,
  userId,
  writeTime,
}: IntentDocument): Intent {
  const place = { channelId: text(channelId) }
  if (kind !== 'react' && kind !== 'unreact') return { kind, ...place, id: text(messageId), dedupe }
  const who = { emoji: emoji!, userId: text(userId!), writeTimeMicros: writeTime! }
  return { kind, v: 1, ...place, messageId: text(messageId), ...who }
}

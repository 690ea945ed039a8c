import type { Reaction, StoredMessage } from '@threshold/domain'
import { type Deadline, deadlineExceeded, remainingMs } from '@threshold/kit'
import { isDuplicateKey, long, type MongoDatabase, text } from '@threshold/stage-1/mongodb'
import {
  fromMessageDocument,
  type MessageDocument,
  type NonceDocument,
  type ReactionDocument,
  toMessageDocument,
} from '@threshold/stage-1/mongodb/documents'
import {
  type Gone,
  type MessageKey,
  type Movable,
  messagesAfter,
  type Nonce,
  REACTIONS_PAGE,
  type Row,
  reactionKey,
} from './movable.ts'
import { type Bounds, bytesOf } from './sizes.ts'

/** What an edit may set, in a document. */
const EDITABLE = [
  'content',
  'flags',
  'embeds',
  'mentions',
  'mentionRoles',
  'mentionEveryone',
  'editedAt',
] as const

export interface MongoMovable extends Movable {
  /**
   * Rows with ids above one and up to another, oldest first, until there are so many or they are so
   * large.
   */
  scan(after: bigint, to: bigint, most: Bounds, deadline: Deadline): Promise<Scanned>
  /** The oldest and the newest id; undefined when there is none. */
  span(deadline: Deadline): Promise<{ oldest: bigint; newest: bigint; about: number } | undefined>
  /** Those that still count and were used before: of some minutes. */
  nonces(before: Date, deadline: Deadline): Promise<Nonce[]>
}

export interface Scanned {
  readonly rows: Row[]
  /** There may be more behind the last of them. */
  readonly more: boolean
}

/**
 * MongoDB as one end of a move. A document that is deleted is gone without a trace: see
 * `remembersDeletes`.
 */
export function mongoMovable(mongo: MongoDatabase): MongoMovable {
  const messages = mongo.db.collection<MessageDocument>('messages')
  const nonces = mongo.db.collection<NonceDocument>('nonces')
  const reactions = mongo.db.collection<ReactionDocument>('reactions')

  async function putOne({ message, dedupe }: Row, upsert: boolean): Promise<void> {
    const { _id, ...set } = toMessageDocument(message, dedupe)
    const unset = Object.fromEntries(
      EDITABLE.filter((field) => set[field] === undefined).map((field) => [field, '' as const]),
    )
    const change = { $set: set, ...(Object.keys(unset).length > 0 ? { $unset: unset } : {}) }
    try {
      // One that is as new, or newer, does not match; then the upsert meets its id, and that is
      // well.
      await messages.updateOne({ _id, writeTime: { $lt: set.writeTime } }, change, { upsert })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  async function putNonce({ key, id, gone }: Nonce): Promise<void> {
    // Its age by the database's clock, which also ends it.
    const fresh = { $set: { messageId: long(id), gone }, $currentDate: { at: true } } as const
    try {
      await nonces.updateOne({ _id: key, messageId: { $ne: long(id) } }, fresh, { upsert: true })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      if (gone) await nonces.updateOne({ _id: key, messageId: long(id) }, { $set: { gone } })
    }
  }

  async function putReaction(reaction: Reaction, upsert: boolean): Promise<void> {
    const { channelId, messageId, emoji, userId, writeTimeMicros } = reaction
    const flagged = await messages.updateOne(
      { _id: long(messageId), channelId: long(channelId) },
      { $set: { reacted: true } },
    )
    if (Number(flagged.matchedCount) === 0) return // its message is gone, and so is this
    const _id = reactionKey(reaction)
    const fields = {
      v: 1 as const,
      messageId: long(messageId),
      channelId: long(channelId),
      emoji,
      userId: long(userId),
    }
    try {
      await reactions.updateOne(
        { _id, writeTime: { $lt: writeTimeMicros } },
        { $set: { ...fields, writeTime: writeTimeMicros } },
        { upsert },
      )
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  /** Nothing is begun after the deadline: whoever stopped waiting for it may undo it. */
  const inOrder = async <T>(
    items: readonly T[],
    deadline: Deadline,
    work: (item: T) => Promise<unknown>,
  ): Promise<void> => {
    for (const item of items) {
      if (remainingMs(deadline) <= 0) throw deadlineExceeded('migration')
      await work(item)
    }
  }
  const idsOf = (keys: readonly MessageKey[]): bigint[] => keys.map(({ id }) => long(id))

  return {
    remembersDeletes: false,
    rows: (keys, deadline) =>
      mongo.run('migration.rows', deadline, async () => {
        const channels = new Map(keys.map(({ channelId, id }) => [id, channelId]))
        const found = (await messages.find({ _id: { $in: idsOf(keys) } }).toArray()).map(rowFrom)
        return found.filter(({ message }) => channels.get(message.id) === message.channelId)
      }),
    existing: (keys, deadline) =>
      mongo.run('migration.existing', deadline, async () => {
        const channels = new Map(keys.map(({ channelId, id }) => [id, channelId]))
        const found = messages.find(
          { _id: { $in: idsOf(keys) } },
          { projection: { channelId: 1, dedupe: 1 } },
        )
        const there = (await found.toArray()).map(
          ({ _id, channelId, dedupe }): Gone => ({
            id: text(_id),
            channelId: text(channelId),
            dedupe,
          }),
        )
        return there.filter(({ id, channelId }) => channels.get(id) === channelId)
      }),
    put: (rows, deadline, { present = false }) =>
      mongo.run('migration.put', deadline, () =>
        inOrder(rows, deadline, (row) => putOne(row, !present)),
      ),
    erase: (gone, deadline) =>
      mongo.run('migration.erase', deadline, async () => {
        const _ids = idsOf(gone)
        const there = await messages
          .find({ _id: { $in: _ids } }, { projection: { dedupe: 1 } })
          .toArray()
        const keys = [...gone, ...there].flatMap(({ dedupe }) => dedupe ?? [])
        if (keys.length > 0)
          await nonces.updateMany(
            { _id: { $in: keys }, messageId: { $in: _ids } },
            { $set: { gone: true } },
          )
        // The message last: whoever dies in between leaves one behind by which this is found again,
        // and its reactions with it.
        await reactions.deleteMany({ messageId: { $in: _ids } })
        await messages.deleteMany({ _id: { $in: _ids } })
      }),
    nonce: (key, deadline) =>
      mongo.run('migration.nonce', deadline, async () => {
        const held = await nonces.findOne({ _id: key })
        return held ? nonceFrom(held) : undefined
      }),
    putNonces: (all, deadline) =>
      mongo.run('migration.nonces', deadline, () => inOrder(all, deadline, putNonce)),
    reaction: (reaction, deadline) =>
      mongo.run('migration.reaction', deadline, async () => {
        const held = await reactions.findOne({ _id: reactionKey(reaction) })
        return held ? reactionFrom(held) : undefined
      }),
    reactionsOn: (keys, deadline, after) =>
      mongo.run('migration.reactions', deadline, async () => {
        const { part, whole } = messagesAfter(keys, after)
        const find = async (
          filter: Parameters<typeof reactions.find>[0],
          most: number,
        ): Promise<Reaction[]> => {
          const found = reactions
            .find(filter)
            .sort({ messageId: 1, emoji: 1, userId: 1 })
            .limit(most)
          return (await found.toArray()).map(reactionFrom)
        }
        const found: Reaction[] = []
        if (after && part.length > 0) {
          const { emoji, userId } = after
          const behind = {
            $or: [{ emoji, userId: { $gt: long(userId) } }, { emoji: { $gt: emoji } }],
          }
          found.push(
            ...(await find({ messageId: long(after.messageId), ...behind }, REACTIONS_PAGE)),
          )
        }
        const left = REACTIONS_PAGE - found.length
        if (whole.length > 0 && left > 0)
          found.push(...(await find({ messageId: { $in: idsOf(whole) } }, left)))
        return found
      }),
    putReactions: (all, deadline, { present = false } = {}) =>
      mongo.run('migration.react', deadline, () =>
        inOrder(all, deadline, (reaction) => putReaction(reaction, !present)),
      ),
    reactionsErasedAt: async () => undefined,
    eraseReactions: (all, deadline) =>
      mongo.run('migration.unreact', deadline, () =>
        inOrder(all, deadline, (one) =>
          reactions.deleteOne({ _id: reactionKey(one), writeTime: { $lte: one.writeTimeMicros } }),
        ),
      ),

    scan: (after, to, most, deadline) =>
      mongo.run('migration.scan', deadline, async () => {
        const rows: Row[] = []
        let bytes = 0
        // The server sends at most 16 MB at once, so that what is left unread here is no more than
        // that.
        const range = messages
          .find({ _id: { $gt: after, $lte: to } })
          .sort({ _id: 1 })
          .limit(most.rows)
        for await (const document of range) {
          const row = rowFrom(document)
          rows.push(row)
          bytes += bytesOf(row)
          if (bytes >= most.bytes) return { rows, more: true }
        }
        return { rows, more: rows.length === most.rows }
      }),
    span: (deadline) =>
      mongo.run('migration.span', deadline, async () => {
        const end = (order: 1 | -1) =>
          messages
            .find({}, { projection: { _id: 1 } })
            .sort({ _id: order })
            .limit(1)
            .toArray()
        const [[oldest], [newest], about] = await Promise.all([
          end(1),
          end(-1),
          messages.estimatedDocumentCount(),
        ])
        return oldest && newest
          ? { oldest: oldest._id, newest: newest._id, about: Number(about) }
          : undefined
      }),
    nonces: (before, deadline) =>
      mongo.run('migration.nonces', deadline, async () =>
        (await nonces.find({ at: { $lte: before } }).toArray()).map(nonceFrom),
      ),
  }
}

const rowFrom = (document: MessageDocument): Row => ({
  message: fromMessageDocument(document) satisfies StoredMessage,
  dedupe: document.dedupe,
  ...(document.reacted ? { reacted: true } : {}),
})
const nonceFrom = ({ _id, messageId, gone }: NonceDocument): Nonce => ({
  key: _id,
  id: text(messageId),
  gone,
})
const reactionFrom = ({
  messageId,
  channelId,
  emoji,
  userId,
  writeTime,
}: ReactionDocument): Reaction => ({
  ...{ v: 1, channelId: text(channelId), messageId: text(messageId) },
  ...{ emoji, userId: text(userId), writeTimeMicros: writeTime },
})

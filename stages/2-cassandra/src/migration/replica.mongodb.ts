import type { StoredMessage } from '@threshold/domain'
import {
  bytesOf,
  type ExistingMessage,
  idRanges,
  type MessageKey,
  type MessageRow,
  type MigrationSource,
  type Nonce,
} from '@threshold/migration'
import { isDuplicateKey, long, type MongoDatabase, text } from '@threshold/stage-1/mongodb'
import {
  fromMessageDocument,
  type MessageDocument,
  type NonceDocument,
  type ReactionDocument,
  toMessageDocument,
} from '@threshold/stage-1/mongodb/documents'
import { inOrder } from './each.ts'
import { mongoReactionReplica } from './replica-reactions.mongodb.ts'

/** The fields of a document that an edit may set. */
const EDITABLE = [
  'content',
  'flags',
  'embeds',
  'mentions',
  'mentionRoles',
  'mentionEveryone',
  'editedAt',
] as const

/** MongoDB as an end of a move. It keeps no tombstones of the rows that it deletes. */
export function mongoReplica(mongo: MongoDatabase): MigrationSource {
  const messages = mongo.db.collection<MessageDocument>('messages')
  const nonces = mongo.db.collection<NonceDocument>('nonces')
  const reactions = mongo.db.collection<ReactionDocument>('reactions')

  async function putOne({ message, dedupe }: MessageRow, upsert: boolean): Promise<void> {
    const { _id, ...set } = toMessageDocument(message, dedupe)
    const unset = Object.fromEntries(
      EDITABLE.filter((field) => set[field] === undefined).map((field) => [field, '' as const]),
    )
    const change = { $set: set, ...(Object.keys(unset).length > 0 ? { $unset: unset } : {}) }
    try {
      // A stored document that is as new or newer does not match. The upsert then fails with a
      // duplicate key, and the stored document stays.
      await messages.updateOne({ _id, writeTime: { $lt: set.writeTime } }, change, { upsert })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  async function putNonce({ key, id, deleted }: Nonce): Promise<void> {
    // The database's clock sets `at`, since the database also expires the nonce.
    const fresh = {
      $set: { messageId: long(id), gone: deleted },
      $currentDate: { at: true },
    } as const
    try {
      await nonces.updateOne({ _id: key, messageId: { $ne: long(id) } }, fresh, { upsert: true })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      if (deleted)
        await nonces.updateOne({ _id: key, messageId: long(id) }, { $set: { gone: deleted } })
    }
  }

  /** Selects by key and channel: an id in another channel is another message. */
  const inTheirChannels = <T extends MessageKey>(keys: readonly MessageKey[], found: T[]): T[] => {
    const channels = new Map(keys.map(({ channelId, id }) => [id, channelId]))
    return found.filter(({ id, channelId }) => channels.get(id) === channelId)
  }

  return {
    remembersDeletes: false,
    rows: (keys, deadline) =>
      mongo.run('migration.rows', deadline, async () => {
        const channels = new Map(keys.map(({ channelId, id }) => [id, channelId]))
        const found = await messages.find({ _id: { $in: idsOf(keys) } }).toArray()
        return found
          .map(rowFrom)
          .filter(({ message }) => channels.get(message.id) === message.channelId)
      }),
    existing: (keys, deadline) =>
      mongo.run('migration.existing', deadline, async () => {
        const found = messages.find(
          { _id: { $in: idsOf(keys) } },
          { projection: { channelId: 1, dedupe: 1 } },
        )
        const existing = (await found.toArray()).map(
          ({ _id, channelId, dedupe }): ExistingMessage => ({
            id: text(_id),
            channelId: text(channelId),
            dedupe,
          }),
        )
        return inTheirChannels(keys, existing)
      }),
    put: (rows, deadline, { onlyIfPresent = false }) =>
      mongo.run('migration.put', deadline, () =>
        inOrder(rows, deadline, (row) => putOne(row, !onlyIfPresent)),
      ),
    delete: (deleted, deadline) =>
      mongo.run('migration.delete', deadline, async () => {
        const ids = idsOf(deleted)
        const stored = await messages
          .find({ _id: { $in: ids } }, { projection: { dedupe: 1 } })
          .toArray()
        const keys = [...deleted, ...stored].flatMap(({ dedupe }) => dedupe ?? [])
        if (keys.length > 0)
          await nonces.updateMany(
            { _id: { $in: keys }, messageId: { $in: ids } },
            { $set: { gone: true } },
          )
        // Deletes the messages last. A crash in between leaves the message stored, so a repeated
        // delete also finds its nonce and its reactions.
        await reactions.deleteMany({ messageId: { $in: ids } })
        await messages.deleteMany({ _id: { $in: ids } })
      }),
    nonce: (key, deadline) =>
      mongo.run('migration.nonce', deadline, async () => {
        const found = await nonces.findOne({ _id: key })
        return found ? nonceFrom(found) : undefined
      }),
    putNonces: (all, deadline) =>
      mongo.run('migration.nonces', deadline, () => inOrder(all, deadline, putNonce)),
    ...mongoReactionReplica(mongo),

    ranges: (deadline) =>
      mongo.run('migration.span', deadline, async () => {
        const end = (order: 1 | -1) =>
          messages
            .find({}, { projection: { _id: 1 } })
            .sort({ _id: order })
            .limit(1)
            .toArray()
        const [[oldest], [newest], count] = await Promise.all([
          end(1),
          end(-1),
          messages.estimatedDocumentCount(),
        ])
        const about = Number(count)
        return oldest && newest
          ? { about, ranges: idRanges(oldest._id, newest._id, about) }
          : { about: 0, ranges: [] }
      }),
    scan: ({ from, to, cursor }, limit, deadline) =>
      mongo.run('migration.scan', deadline, async () => {
        const rows: MessageRow[] = []
        let bytes = 0
        // The server sends at most 16 MB at once, so no more than that is left unread here.
        const range = messages
          .find({ _id: { $gt: BigInt(cursor ?? from), $lte: BigInt(to) } })
          .sort({ _id: 1 })
          .limit(limit.rows)
        for await (const document of range) {
          const row = rowFrom(document)
          rows.push(row)
          bytes += bytesOf(row)
          if (bytes >= limit.bytes) break
        }
        const done = rows.length < limit.rows && bytes < limit.bytes
        return { rows, cursor: rows.at(-1)?.message.id ?? cursor, done }
      }),
    nonces: (before, deadline) =>
      mongo.run('migration.nonces', deadline, async () =>
        (await nonces.find({ at: { $lte: before } }).toArray()).map(nonceFrom),
      ),
  }
}

const idsOf = (keys: readonly MessageKey[]): bigint[] => keys.map(({ id }) => long(id))

const rowFrom = (document: MessageDocument): MessageRow => ({
  message: fromMessageDocument(document) satisfies StoredMessage,
  dedupe: document.dedupe,
  ...(document.reacted ? { reacted: true } : {}),
})

const nonceFrom = ({ _id, messageId, gone }: NonceDocument): Nonce => ({
  key: _id,
  id: text(messageId),
  deleted: gone,
})

import type { MessageId } from '@threshold/contract'
import { isSameSend, type StoredMessage } from '@threshold/domain'
import { deadlineExceeded, isExpired } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Collection, Filter } from 'mongodb'
import pLimit from 'p-limit'
import { isDuplicateKey, long, type MongoDatabase, text } from '../mongodb/database.ts'
import {
  fromMessageDocument,
  type MessageDocument,
  type NonceDocument,
  type ReactionDocument,
  toMessageDocument,
} from '../mongodb/documents.ts'
import { mongoReactions } from './reactions.mongodb.ts'

/** Leaves the pool's other connections to requests that wait for an answer. */
const NEWEST_AT_ONCE = 8
/** How long a repeated nonce still means the same send. */
const NONCE_SECONDS = 300

/**
 * Messages in one collection with one compound index (channelId, _id), as Discord had it until 2015
 * ("How Discord Stores Billions of Messages", 2017). A page is one index range. It stays right
 * until index and data no longer fit the cache: lab 1.2.
 */
export async function mongoMessageStore(mongo: MongoDatabase): Promise<MessageStore> {
  const messages = mongo.db.collection<MessageDocument>('messages')
  const nonces = mongo.db.collection<NonceDocument>('nonces')
  const reactionRows = mongo.db.collection<ReactionDocument>('reactions')
  await messages.createIndex({ channelId: 1, _id: 1 })
  await nonces.createIndex({ at: 1 }, { expireAfterSeconds: NONCE_SECONDS })
  await reactionRows.createIndex({ messageId: 1, emoji: 1, userId: 1 }, { unique: true })

  return {
    async insert(message, deadline, dedupe) {
      return mongo.run('messages.insert', deadline, async () => {
        if (!dedupe) return insertOnce(messages, message)
        const _id = `${dedupe.authorId}:${dedupe.channelId}:${dedupe.nonce}`
        const held = await reserve(nonces, _id, long(message.id))
        const reserved = { ...message, id: text(held.messageId) }
        // Sent and since deleted: the retry must not bring it back.
        if (held.gone) return { outcome: 'duplicate', message: await stored(messages, reserved) }
        // Reserved but perhaps never stored, if a process died in between: inserting under the
        // reserved id settles it either way.
        const inserted = await insertOnce(messages, reserved, _id)
        // The next try must not be given the same id.
        if (inserted.outcome === 'taken')
          await nonces.deleteOne({ _id, messageId: held.messageId, gone: false })
        return inserted
      })
    },

    async import(batch, deadline) {
      if (batch.length === 0) return
      await mongo.run('messages.import', deadline, async () => {
        try {
          await messages.insertMany(
            batch.map((m) => toMessageDocument(m)),
            { ordered: false },
          )
        } catch (error) {
          if (!isDuplicateKey(error)) throw error
        }
      })
    },

    async get(channel, ids, deadline) {
      const found = await mongo.run('messages.get', deadline, () =>
        messages.find({ _id: { $in: ids.map(long) }, channelId: long(channel) }).toArray(),
      )
      return found.map(fromMessageDocument)
    },

    async page(channel, anchor, limit, deadline) {
      return mongo.run('messages.page', deadline, async () => {
        if (anchor.at === 'latest') return range(messages, channel, anchor, limit)
        if (anchor.at !== 'around')
          return range(messages, channel, { at: anchor.at, id: anchor.id }, limit)
        // Half before, the message itself, half after: as Discord splits it, the message included
        // where it exists.
        const newer = await range(
          messages,
          channel,
          { at: 'after', id: anchor.id },
          Math.floor(limit / 2),
        )
        const older = await range(
          messages,
          channel,
          { at: 'until', id: anchor.id },
          limit - newer.length,
        )
        return [...newer, ...older]
      })
    },

    async senders(channel, before, limit, deadline) {
      const where: Filter<MessageDocument> = {
        channelId: long(channel),
        ...(before === undefined ? {} : { _id: { $lt: long(before) } }),
      }
      const projection = { authorId: 1, nonce: 1, dedupe: 1 } as const
      const found = await mongo.run('messages.senders', deadline, () =>
        messages.find(where, { projection }).sort({ _id: -1 }).limit(limit).toArray(),
      )
      return found.map(({ _id, authorId, nonce, dedupe }) => ({
        id: text(_id),
        authorId: text(authorId),
        ...(dedupe === undefined ? {} : { dedupeNonce: String(nonce) }),
      }))
    },

    async newest(channels, deadline) {
      return mongo.run('messages.newest', deadline, async () => {
        // The end of a range of the index for each. One aggregate for all would read whole
        // histories on most versions.
        const few = pLimit(NEWEST_AT_ONCE)
        const found = await few.map(new Set(channels), async (channel) => {
          if (isExpired(deadline)) throw deadlineExceeded('messages.newest') // nobody waits for it any more
          const projection = { _id: 1 } as const
          const last = await messages.findOne(
            { channelId: long(channel) },
            { sort: { _id: -1 }, projection },
          )
          return last ? [[channel, text(last._id)] as const] : []
        })
        return new Map(found.flat())
      })
    },

    async edit({ id, channelId, set, writeTimeMicros }, deadline) {
      return mongo.run('messages.edit', deadline, async () => {
        const change = { ...toDocumentFields(set), writeTime: writeTimeMicros }
        const where: Filter<MessageDocument> = { _id: long(id), channelId: long(channelId) }
        const edited = await messages.findOneAndUpdate(
          { ...where, writeTime: { $lt: writeTimeMicros } },
          { $set: change },
          { returnDocument: 'after' },
        )
        // Nothing matched: the message is gone, or a newer write was here first and stays.
        const present = edited ?? (await messages.findOne(where))
        return present ? fromMessageDocument(present) : 'absent'
      })
    },

    async remove(channel, ids, writeTimeMicros, deadline) {
      return mongo.run('messages.remove', deadline, async () => {
        const where: Filter<MessageDocument> = {
          _id: { $in: ids.map(long) },
          channelId: long(channel),
          writeTime: { $lte: writeTimeMicros },
        }
        const there = await messages.find(where, { projection: { _id: 1, dedupe: 1 } }).toArray()
        if (there.length === 0) return []
        const _ids = there.map((m) => m._id)
        const keys = there.flatMap((m) => m.dedupe ?? [])
        // Marked before the message goes: a crash in between must not let a retry bring it back.
        if (keys.length > 0)
          await nonces.updateMany(
            { _id: { $in: keys }, messageId: { $in: _ids } },
            { $set: { gone: true } },
          )
        await messages.deleteMany({ ...where, _id: { $in: _ids } })
        // An edit that is newer than this delete may have come between the two; its message is
        // still there.
        const kept = new Set(
          (await messages.find({ _id: { $in: _ids } }, { projection: { _id: 1 } }).toArray()).map(
            (m) => m._id,
          ),
        )
        const gone = _ids.filter((id) => !kept.has(id))
        if (gone.length > 0) await reactionRows.deleteMany({ messageId: { $in: gone } })
        return gone.map(text)
      })
    },

    ...mongoReactions(mongo, messages, reactionRows),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function insertOnce(
  messages: Collection<MessageDocument>,
  message: StoredMessage,
  dedupe?: string,
): ReturnType<MessageStore['insert']> {
  try {
    await messages.insertOne(toMessageDocument(message, dedupe))
    return { outcome: 'inserted', message }
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    const found = await messages.findOne({ _id: long(message.id) })
    if (!found && dedupe !== undefined) return { outcome: 'duplicate', message } // deleted since
    const first = found && fromMessageDocument(found)
    if (!first || !isSameSend(first, found.dedupe, message, dedupe))
      return { outcome: 'taken', message }
    return { outcome: 'duplicate', message: first }
  }
}

/** A message as it is now; as it would have been, where it has been deleted since. */
async function stored(
  messages: Collection<MessageDocument>,
  message: StoredMessage,
): Promise<StoredMessage> {
  const found = await messages.findOne({ _id: long(message.id) })
  return found ? fromMessageDocument(found) : message
}

/**
 * When several sends reserve one key at the same time, exactly one wins, and the others learn the
 * winner's id. The database's clock gives the reservation's age, and also ends it.
 */
async function reserve(
  nonces: Collection<NonceDocument>,
  _id: string,
  messageId: bigint,
): Promise<Pick<NonceDocument, 'messageId' | 'gone'>> {
  for (;;) {
    try {
      // Never over one that is there: it has an id, so the filter does not match it and the insert
      // meets its key.
      const absent = { _id, messageId: { $exists: false } }
      const wish = { $set: { messageId, gone: false }, $currentDate: { at: true } } as const
      await nonces.updateOne(absent, wish, { upsert: true })
      return { messageId, gone: false }
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      const held = await nonces.findOne({ _id })
      if (held) return held // else its time to live ended between the two, and the key is free again
    }
  }
}

const BOUNDS = { before: '$lt', until: '$lte', after: '$gt' } as const

/**
 * One range of the index. `after` asks for the oldest messages above an id, and answers them newest
 * first like every page.
 */
async function range(
  messages: Collection<MessageDocument>,
  channel: string,
  anchor: { at: 'latest' } | { at: keyof typeof BOUNDS; id: MessageId },
  limit: number,
) {
  if (limit <= 0) return []
  const channelId = long(channel)
  const newestFirst = anchor.at !== 'after'
  const bound: Filter<MessageDocument> =
    anchor.at === 'latest' ? {} : { _id: { [BOUNDS[anchor.at]]: long(anchor.id) } }
  const found = await messages
    .find({ channelId, ...bound })
    .sort({ _id: newestFirst ? -1 : 1 })
    .limit(limit)
    .toArray()
  return (newestFirst ? found : found.reverse()).map(fromMessageDocument)
}

function toDocumentFields(set: Partial<StoredMessage>): Partial<MessageDocument> {
  const { mentions, mentionRoles, editedAt, content, embeds, flags, mentionEveryone } = set
  return {
    content,
    embeds: embeds === undefined ? undefined : JSON.stringify(embeds),
    flags,
    mentionEveryone,
    mentions: mentions?.map(long),
    mentionRoles: mentionRoles?.map(long),
    editedAt: editedAt === undefined ? undefined : new Date(editedAt),
  } as Partial<MessageDocument>
}

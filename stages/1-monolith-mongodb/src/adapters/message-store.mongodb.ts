import type { MessageId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
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
import { insertMessage } from './message-insert.mongodb.ts'
import { mongoReactions } from './reactions.mongodb.ts'

/** Leaves most connections of the pool to other requests. */
const CONCURRENT_NEWEST = 8
/** How long a repeated nonce means the same send. */
const NONCE_SECONDS = 300

/**
 * Messages in one collection under one compound index (channelId, _id), as Discord had them until
 * 2015 ("How Discord Stores Billions of Messages", 2017). A page of history is one range of the
 * index. That is fast as long as index and data fit into the cache: lab 1.2.
 */
export async function mongoMessageStore(mongo: MongoDatabase): Promise<MessageStore> {
  const messages = mongo.db.collection<MessageDocument>('messages')
  const nonces = mongo.db.collection<NonceDocument>('nonces')
  const reactions = mongo.db.collection<ReactionDocument>('reactions')
  // Ids are snowflakes, so they sort by time, and one index serves both paging and single messages.
  await messages.createIndex({ channelId: 1, _id: 1 })
  await nonces.createIndex({ at: 1 }, { expireAfterSeconds: NONCE_SECONDS })
  await reactions.createIndex({ messageId: 1, emoji: 1, userId: 1 }, { unique: true })

  return {
    insert: (message, deadline, dedupe) =>
      mongo.run('messages.insert', deadline, () =>
        insertMessage({ messages, nonces }, message, dedupe),
      ),

    async import(batch, deadline) {
      if (batch.length === 0) return
      const documents = batch.map((message) => toMessageDocument(message))
      await mongo.run('messages.import', deadline, async () => {
        try {
          await messages.insertMany(documents, { ordered: false })
        } catch (error) {
          // Duplicates are from an earlier call, which this one repeats.
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

    page: (channel, anchor, limit, deadline) =>
      mongo.run('messages.page', deadline, async () => {
        if (anchor.at === 'latest') return readRange(messages, channel, anchor, limit)
        const { at, id } = anchor
        if (at !== 'around') return readRange(messages, channel, { at, id }, limit)
        // A page starts at an id and never at an offset (keyset pagination). So a page deep in the
        // history costs as much as the newest one. `around` takes Discord's split: half of the page
        // is newer, and the rest is the message itself, if it exists, and older ones.
        const half = Math.floor(limit / 2)
        const newer = await readRange(messages, channel, { at: 'after', id }, half)
        const rest = limit - newer.length
        const older = await readRange(messages, channel, { at: 'until', id }, rest)
        return [...newer, ...older]
      }),

    async senders(channel, before, limit, deadline) {
      const where: Filter<MessageDocument> = {
        channelId: long(channel),
        ...(before === undefined ? {} : { _id: { $lt: long(before) } }),
      }
      // Slow mode reads up to 1,000 senders after a restart. Their contents could be megabytes.
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

    newest: (channels, deadline) =>
      mongo.run('messages.newest', deadline, async () => {
        // One query for each channel reads a single index entry. One aggregate for all channels
        // would read whole histories on most versions of MongoDB.
        const limit = pLimit(CONCURRENT_NEWEST)
        const found = await limit.map(new Set(channels), async (channel) => {
          if (isExpired(deadline)) throw deadlineExceeded('messages.newest')
          const last = await messages.findOne(
            { channelId: long(channel) },
            { sort: { _id: -1 }, projection: { _id: 1 } },
          )
          return last ? [[channel, text(last._id)] as const] : []
        })
        return new Map(found.flat())
      }),

    edit: ({ id, channelId, set, writeTimeMicros }, deadline) =>
      mongo.run('messages.edit', deadline, async () => {
        const where: Filter<MessageDocument> = { _id: long(id), channelId: long(channelId) }
        // The database compares the write times and writes in one atomic operation. If the process
        // read and compared, two simultaneous edits could leave the older text.
        const edited = await messages.findOneAndUpdate(
          { ...where, writeTime: { $lt: writeTimeMicros } },
          { $set: { ...toDocumentFields(set), writeTime: writeTimeMicros } },
          { returnDocument: 'after' },
        )
        // No match means that the message is deleted, or that it has a later write, which wins.
        const current = edited ?? (await messages.findOne(where))
        return current ? fromMessageDocument(current) : 'absent'
      }),

    remove: (channel, ids, writeTimeMicros, deadline) =>
      mongo.run('messages.remove', deadline, async () => {
        const where: Filter<MessageDocument> = {
          _id: { $in: ids.map(long) },
          channelId: long(channel),
          writeTime: { $lte: writeTimeMicros },
        }
        const found = await messages.find(where, { projection: { _id: 1, dedupe: 1 } }).toArray()
        if (found.length === 0) return []
        const _ids = found.map((message) => message._id)
        const nonceIds = found.flatMap((message) => message.dedupe ?? [])
        // The nonces come first: if the process died in between, a retry could otherwise insert the
        // deleted message again.
        if (nonceIds.length > 0)
          await nonces.updateMany(
            { _id: { $in: nonceIds }, messageId: { $in: _ids } },
            { $set: { gone: true } },
          )
        // The filter repeats the condition on the write time, since an edit may have come
        // meanwhile.
        await messages.deleteMany({ ...where, _id: { $in: _ids } })
        // The caller publishes the deleted ids, so the messages of such edits must not be among
        // them.
        const surviving = await messages
          .find({ _id: { $in: _ids } }, { projection: { _id: 1 } })
          .toArray()
        const survivingIds = new Set(surviving.map((message) => message._id))
        const deleted = _ids.filter((id) => !survivingIds.has(id))
        // Reactions go last. If the process dies before that, they stay behind, and no read finds
        // them.
        if (deleted.length > 0) await reactions.deleteMany({ messageId: { $in: deleted } })
        return deleted.map(text)
      }),

    ...mongoReactions(mongo, messages, reactions),
    [Symbol.asyncDispose]: async () => {},
  }
}

const BOUNDS = { before: '$lt', until: '$lte', after: '$gt' } as const

type RangeAnchor = { at: 'latest' } | { at: keyof typeof BOUNDS; id: MessageId }

/** One range of the index, newest first. `after` reads the oldest messages above the id. */
async function readRange(
  messages: Collection<MessageDocument>,
  channel: string,
  anchor: RangeAnchor,
  limit: number,
): Promise<StoredMessage[]> {
  if (limit <= 0) return []
  const where: Filter<MessageDocument> = {
    channelId: long(channel),
    ...(anchor.at === 'latest' ? {} : { _id: { [BOUNDS[anchor.at]]: long(anchor.id) } }),
  }
  const newestFirst = anchor.at !== 'after'
  const found = await messages
    .find(where)
    .sort({ _id: newestFirst ? -1 : 1 })
    .limit(limit)
    .toArray()
  return (newestFirst ? found : found.reverse()).map(fromMessageDocument)
}

/** The driver leaves undefined fields out (`ignoreUndefined`), so they stay as they are. */
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

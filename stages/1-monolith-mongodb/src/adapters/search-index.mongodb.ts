import { type StoredMessage, wordsOf } from '@threshold/domain'
import type { SearchIndex } from '@threshold/ports'
import type { Filter } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text, upsert } from '../mongodb/database.ts'

interface SearchDocument {
  _id: bigint
  v: 1
  guildId: bigint
  channelId: bigint
  authorId: bigint
  words: string[]
  mentions?: bigint[]
}

/**
 * A token index: each message's words as an array, one multikey index over (guild, word). It answers "all of these words,
 * newest first" and nothing cleverer, and shares the database, and its fate, with everything else: stage 3 moves it out.
 */
export async function mongoSearchIndex(mongo: MongoDatabase): Promise<SearchIndex> {
  const entries = mongo.db.collection<SearchDocument>('search')
  await entries.createIndex({ guildId: 1, words: 1, _id: -1 })
  // A search by author or channel alone has no word to start from, and would go through a guild once for each of its words.
  await entries.createIndex({ guildId: 1, _id: -1 })

  return {
    async index(guild, message, deadline) {
      await mongo.run('search.index', deadline, async () => {
        const entry = entryOf(guild, message)
        try {
          await upsert(entries, entry, { channelId: entry.channelId, authorId: entry.authorId })
        } catch (error) {
          // Another message has this id, and its entry stays: the send is about to find out.
          if (!isDuplicateKey(error)) throw error
        }
      })
    },

    async remove(ids, deadline) {
      await mongo.run('search.remove', deadline, () => entries.deleteMany({ _id: { $in: ids.map(long) } }))
    },

    async search(guild, query, deadline) {
      const where: Filter<SearchDocument> = {
        guildId: long(guild),
        channelId: { $in: query.channels.map(long) },
        ...(query.words.length === 0 ? {} : { words: { $all: [...query.words] } }),
        ...(query.authors ? { authorId: { $in: query.authors.map(long) } } : {}),
        ...(query.mentions ? { mentions: { $in: query.mentions.map(long) } } : {}),
        ...(query.minId || query.maxId
          ? { _id: { ...(query.minId ? { $gt: long(query.minId) } : {}), ...(query.maxId ? { $lt: long(query.maxId) } : {}) } }
          : {}),
      }
      const [total, found] = await Promise.all([
        mongo.run('search.count', deadline, () => entries.countDocuments(where)),
        mongo.run('search.find', deadline, () =>
          entries
            .find(where, { projection: { channelId: 1 } })
            .sort({ _id: query.order === 'newest' ? -1 : 1 })
            .skip(query.offset)
            .limit(query.limit)
            .toArray(),
        ),
      ])
      return { total: Number(total), hits: found.map((hit) => ({ id: text(hit._id), channelId: text(hit.channelId) })) }
    },

    [Symbol.asyncDispose]: async () => {},
  }
}

const entryOf = (guild: string, message: StoredMessage): SearchDocument => ({
  _id: long(message.id),
  v: 1,
  guildId: long(guild),
  channelId: long(message.channelId),
  authorId: long(message.authorId),
  words: wordsOf(message.content),
  ...(message.mentions?.length ? { mentions: message.mentions.map(long) } : {}),
})

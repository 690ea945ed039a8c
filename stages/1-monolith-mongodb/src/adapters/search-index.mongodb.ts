import { type ContentKind, contentKindsOf, indexWords, type StoredMessage } from '@threshold/domain'
import type { SearchFacts, SearchIndex, SearchQuery } from '@threshold/ports'
import type { Filter } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text, upsert } from '../mongodb/database.ts'

/**
 * Version 1 had only words and mentions of users. Searches by any other field match only entries of
 * version 2.
 */
interface SearchDocument {
  _id: bigint
  v: 1 | 2
  guildId: bigint
  channelId: bigint
  authorId: bigint
  words: string[]
  mentions?: bigint[]
  mentionRoles?: bigint[]
  mentionEveryone?: true
  bot?: true
  has?: ContentKind[]
  repliedToMessage?: bigint
  repliedToUser?: bigint
}

/**
 * A token index: each entry has the words of a message as an array, under one multikey index over
 * (guild, word). It finds messages with all of some words, newest first, and has no ranking. It
 * shares the database with everything else, and fails with it; stage 3 moves it out.
 */
export async function mongoSearchIndex(mongo: MongoDatabase): Promise<SearchIndex> {
  const entries = mongo.db.collection<SearchDocument>('search')
  await entries.createIndex({ guildId: 1, words: 1, _id: -1 })
  // This index serves searches without words. The one above has an entry for each word, so such a
  // search would read every message several times.
  await entries.createIndex({ guildId: 1, _id: -1 })

  return {
    async index(guild, message, facts, deadline) {
      await mongo.run('search.index', deadline, async () => {
        const entry = toEntry(guild, message, facts)
        try {
          await upsert(entries, entry, { channelId: entry.channelId, authorId: entry.authorId })
        } catch (error) {
          // Another message has this id. Its entry stays, and the insert of the message will fail.
          if (!isDuplicateKey(error)) throw error
        }
      })
    },

    async remove(ids, deadline) {
      await mongo.run('search.remove', deadline, () =>
        entries.deleteMany({ _id: { $in: ids.map(long) } }),
      )
    },

    async search(guild, query, deadline) {
      const where = toFilter(guild, query)
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
      return {
        total: Number(total),
        hits: found.map((hit) => ({ id: text(hit._id), channelId: text(hit.channelId) })),
      }
    },

    [Symbol.asyncDispose]: async () => {},
  }
}

function toFilter(guild: string, query: SearchQuery): Filter<SearchDocument> {
  const { words, authors, mentions, minId, maxId } = query
  const version2 = version2Filter(query)
  return {
    guildId: long(guild),
    channelId: { $in: query.channels.map(long) },
    ...(words.length === 0 ? {} : { words: { $all: [...words] } }),
    ...(authors ? { authorId: { $in: authors.map(long) } } : {}),
    ...(mentions ? { mentions: { $in: mentions.map(long) } } : {}),
    ...(minId || maxId
      ? { _id: { ...(minId ? { $gt: long(minId) } : {}), ...(maxId ? { $lt: long(maxId) } : {}) } }
      : {}),
    ...(Object.keys(version2).length === 0 ? {} : { ...version2, v: 2 }),
  }
}

/** The part of the filter that entries of version 1 have no fields for. */
function version2Filter(query: SearchQuery): Filter<SearchDocument> {
  const { mentionRoles, mentionEveryone, authorType, has, repliedToUsers, repliedToMessages } =
    query
  const { all = [], none = [] } = has ?? {}
  return {
    ...(mentionRoles ? { mentionRoles: { $in: mentionRoles.map(long) } } : {}),
    ...(mentionEveryone === undefined
      ? {}
      : { mentionEveryone: mentionEveryone ? true : { $ne: true } }),
    ...(authorType === undefined ? {} : { bot: authorType === 'bot' ? true : { $ne: true } }),
    ...(repliedToUsers ? { repliedToUser: { $in: repliedToUsers.map(long) } } : {}),
    ...(repliedToMessages ? { repliedToMessage: { $in: repliedToMessages.map(long) } } : {}),
    ...(all.length + none.length === 0
      ? {}
      : {
          has: {
            ...(all.length > 0 ? { $all: [...all] } : {}),
            ...(none.length > 0 ? { $nin: [...none] } : {}),
          },
        }),
  }
}

function toEntry(
  guild: string,
  message: StoredMessage,
  { authorType, repliedTo }: SearchFacts,
): SearchDocument {
  const has = contentKindsOf(message)
  return {
    _id: long(message.id),
    v: 2,
    guildId: long(guild),
    channelId: long(message.channelId),
    authorId: long(message.authorId),
    words: indexWords(message.content),
    ...(message.mentions?.length ? { mentions: message.mentions.map(long) } : {}),
    ...(message.mentionRoles?.length ? { mentionRoles: message.mentionRoles.map(long) } : {}),
    ...(message.mentionEveryone ? { mentionEveryone: true } : {}),
    ...(authorType === 'bot' ? { bot: true } : {}),
    ...(has.length > 0 ? { has } : {}),
    ...(message.reference ? { repliedToMessage: long(message.reference.messageId) } : {}),
    ...(repliedTo === undefined ? {} : { repliedToUser: long(repliedTo) }),
  }
}

import type { Reaction, ReactionCount } from '@threshold/domain'
import { type Deadline, keyedRwLock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Collection } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text } from '../mongodb/database.ts'
import type { MessageDocument, ReactionDocument } from '../mongodb/documents.ts'
import { reactWithinLimit, throwIfExpired } from './reaction-limit.ts'

type ReactionMethods = Pick<MessageStore, 'react' | 'unreact' | 'reactors' | 'reactions'>

/**
 * One row a reaction; counts are computed when a page is read, in the database, since one message
 * may have thousands. A counter beside the rows would be quicker to read and drift away from them
 * whenever a process dies between the two writes.
 */
export function mongoReactions(
  mongo: MongoDatabase,
  messages: Collection<MessageDocument>,
  rows: Collection<ReactionDocument>,
): ReactionMethods {
  const idOf = (r: Reaction): string => `${r.messageId}:${r.emoji}:${r.userId}`
  /** By message. It holds within this process, and this stage is one process. */
  const lock = keyedRwLock()

  async function insert(
    reaction: Reaction,
    deadline: Deadline,
  ): Promise<'added' | 'known' | 'absent'> {
    const { channelId, emoji, userId, writeTimeMicros } = reaction
    const messageId = long(reaction.messageId)
    const flagged = await messages.updateOne(
      { _id: messageId, channelId: long(channelId) },
      { $set: { reacted: true } },
    )
    if (flagged.matchedCount === 0) return 'absent'
    throwIfExpired(deadline)
    try {
      const ids = { messageId, channelId: long(channelId), userId: long(userId) }
      await rows.insertOne({ _id: idOf(reaction), v: 1, ...ids, emoji, writeTime: writeTimeMicros })
    } catch (error) {
      if (isDuplicateKey(error)) return 'known'
      throw error
    }
    // The message was deleted in the meantime, and its reactions before this one was there: no
    // later delete would take it.
    if (await messages.findOne({ _id: messageId }, { projection: { _id: 1 } })) return 'added'
    await rows.deleteOne({ _id: idOf(reaction) })
    return 'absent'
  }

  return {
    react: (reaction, deadline) =>
      mongo.run('reactions.add', deadline, () =>
        reactWithinLimit(
          lock,
          reaction,
          {
            emojiOf: () => rows.distinct('emoji', { messageId: long(reaction.messageId) }),
            has: async (emoji) =>
              (await rows.findOne({ _id: idOf({ ...reaction, emoji }) })) !== null,
            insert: () => insert(reaction, deadline),
          },
          deadline,
        ),
      ),

    unreact: (reaction, deadline) =>
      mongo.run('reactions.remove', deadline, () =>
        lock.shared(reaction.messageId, async () => {
          throwIfExpired(deadline)
          const { deletedCount } = await rows.deleteOne({ _id: idOf(reaction) })
          return Number(deletedCount) > 0 ? 'removed' : 'absent'
        }),
      ),

    reactors: (_channel, id, emoji, page, deadline) =>
      mongo.run('reactions.users', deadline, async () => {
        const found = await rows
          .find({ messageId: long(id), emoji, userId: { $gt: long(page.after ?? '0') } })
          .sort({ userId: 1 })
          .limit(page.limit)
          .toArray()
        return found.map((row) => text(row.userId))
      }),

    reactions: (_channel, ids, viewer, deadline) =>
      mongo.run('reactions.counts', deadline, async () => {
        const reacted = await messages
          .find({ _id: { $in: ids.map(long) }, reacted: true }, { projection: { _id: 1 } })
          .toArray()
        if (reacted.length === 0) return new Map()
        const counted = await rows
          .aggregate<Counted>([
            { $match: { messageId: { $in: reacted.map((m) => m._id) } } },
            {
              $group: {
                _id: { messageId: '$messageId', emoji: '$emoji' },
                count: { $sum: 1 },
                first: { $min: '$writeTime' },
                me: { $max: { $eq: ['$userId', long(viewer)] } },
              },
            },
          ])
          .toArray()
        return byMessage(counted)
      }),
  }
}

interface Counted {
  readonly _id: { readonly messageId: bigint; readonly emoji: string }
  readonly count: number | bigint
  readonly first: bigint
  readonly me: boolean
}

/** Emoji in the order in which they first came. */
function byMessage(counted: readonly Counted[]): Map<string, ReactionCount[]> {
  const counts = new Map<string, ReactionCount[]>()
  for (const { _id, count, me } of counted.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const list = counts.get(text(_id.messageId)) ?? []
    list.push({ emoji: _id.emoji, count: Number(count), me })
    counts.set(text(_id.messageId), list)
  }
  return counts
}

import type { Reaction, ReactionCount } from '@threshold/domain'
import { type Deadline, keyedRwLock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Collection } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text } from '../mongodb/database.ts'
import type { MessageDocument, ReactionDocument } from '../mongodb/documents.ts'
import { reactWithinLimit, throwIfExpired } from './reaction-limit.ts'

type ReactionMethods = Pick<MessageStore, 'react' | 'unreact' | 'reactors' | 'reactions'>

/**
 * One document for each reaction. The database counts them when a page is read, since one message
 * may have thousands. A stored counter would be faster to read, but it would become wrong whenever
 * a process dies between the two writes.
 */
export function mongoReactions(
  mongo: MongoDatabase,
  messages: Collection<MessageDocument>,
  reactions: Collection<ReactionDocument>,
): ReactionMethods {
  const idOf = (r: Reaction): string => `${r.messageId}:${r.emoji}:${r.userId}`
  /** By message. It works within one process, and this stage is one process. */
  const lock = keyedRwLock()

  async function insert(
    reaction: Reaction,
    deadline: Deadline,
  ): Promise<'added' | 'known' | 'absent'> {
    const { channelId, emoji, userId, writeTimeMicros } = reaction
    const messageId = long(reaction.messageId)
    // Pages read counts only for flagged messages.
    const flagged = await messages.updateOne(
      { _id: messageId, channelId: long(channelId) },
      { $set: { reacted: true } },
    )
    if (flagged.matchedCount === 0) return 'absent'
    throwIfExpired(deadline)
    try {
      const ids = { messageId, channelId: long(channelId), userId: long(userId) }
      await reactions.insertOne({
        _id: idOf(reaction),
        v: 1,
        ...ids,
        emoji,
        writeTime: writeTimeMicros,
      })
    } catch (error) {
      if (isDuplicateKey(error)) return 'known'
      throw error
    }
    // If the message was deleted meanwhile, its reactions may have been deleted before this one was
    // inserted. No later delete would remove it.
    if (await messages.findOne({ _id: messageId }, { projection: { _id: 1 } })) return 'added'
    await reactions.deleteOne({ _id: idOf(reaction) })
    return 'absent'
  }

  return {
    react: (reaction, deadline) =>
      mongo.run('reactions.add', deadline, () =>
        reactWithinLimit(
          lock,
          reaction,
          {
            emojiOf: () => reactions.distinct('emoji', { messageId: long(reaction.messageId) }),
            has: async (emoji) =>
              (await reactions.findOne({ _id: idOf({ ...reaction, emoji }) })) !== null,
            insert: () => insert(reaction, deadline),
          },
          deadline,
        ),
      ),

    unreact: (reaction, deadline) =>
      mongo.run('reactions.remove', deadline, () =>
        lock.shared(reaction.messageId, async () => {
          throwIfExpired(deadline)
          const { deletedCount } = await reactions.deleteOne({ _id: idOf(reaction) })
          return Number(deletedCount) > 0 ? 'removed' : 'absent'
        }),
      ),

    reactors: (_channel, id, emoji, page, deadline) =>
      mongo.run('reactions.users', deadline, async () => {
        const found = await reactions
          .find({ messageId: long(id), emoji, userId: { $gt: long(page.after ?? '0') } })
          .sort({ userId: 1 })
          .limit(page.limit)
          .toArray()
        return found.map(({ userId }) => text(userId))
      }),

    reactions: (_channel, ids, viewer, deadline) =>
      mongo.run('reactions.counts', deadline, async () => {
        const reacted = await messages
          .find({ _id: { $in: ids.map(long) }, reacted: true }, { projection: { _id: 1 } })
          .toArray()
        if (reacted.length === 0) return new Map()
        const counted = await reactions
          .aggregate<EmojiCount>([
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
        return groupByMessage(counted)
      }),
  }
}

interface EmojiCount {
  readonly _id: { readonly messageId: bigint; readonly emoji: string }
  readonly count: number | bigint
  readonly first: bigint
  readonly me: boolean
}

/** Groups the counts by message, with the emoji in the order of their first reactions. */
function groupByMessage(counted: readonly EmojiCount[]): Map<string, ReactionCount[]> {
  const counts = new Map<string, ReactionCount[]>()
  for (const { _id, count, me } of counted.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const list = counts.get(text(_id.messageId)) ?? []
    list.push({ emoji: _id.emoji, count: Number(count), me })
    counts.set(text(_id.messageId), list)
  }
  return counts
}

import type { Reaction } from '@threshold/domain'
import {
  type MigrationPort,
  messagesAfter,
  REACTIONS_PAGE,
  reactionKey,
} from '@threshold/migration'
import { isDuplicateKey, long, type MongoDatabase, text } from '@threshold/stage-1/mongodb'
import type { MessageDocument, ReactionDocument } from '@threshold/stage-1/mongodb/documents'
import { inOrder } from './each.ts'

type ReactionReplica = Pick<
  MigrationPort,
  'reaction' | 'reactionsOn' | 'putReactions' | 'reactionsDeletedAt' | 'deleteReactions'
>

/** The reactions of `mongoReplica`. */
export function mongoReactionReplica(mongo: MongoDatabase): ReactionReplica {
  const messages = mongo.db.collection<MessageDocument>('messages')
  const reactions = mongo.db.collection<ReactionDocument>('reactions')

  async function putOne(reaction: Reaction, upsert: boolean): Promise<void> {
    const { channelId, messageId, emoji, userId, writeTimeMicros } = reaction
    const marked = await messages.updateOne(
      { _id: long(messageId), channelId: long(channelId) },
      { $set: { reacted: true } },
    )
    if (Number(marked.matchedCount) === 0) return // its message is deleted, and so is the reaction
    const fields = {
      v: 1 as const,
      messageId: long(messageId),
      channelId: long(channelId),
      emoji,
      userId: long(userId),
    }
    try {
      await reactions.updateOne(
        { _id: reactionKey(reaction), writeTime: { $lt: writeTimeMicros } },
        { $set: { ...fields, writeTime: writeTimeMicros } },
        { upsert },
      )
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  async function find(
    filter: Parameters<typeof reactions.find>[0],
    limit: number,
  ): Promise<Reaction[]> {
    const found = reactions.find(filter).sort({ messageId: 1, emoji: 1, userId: 1 }).limit(limit)
    return (await found.toArray()).map(reactionFrom)
  }

  return {
    reaction: (reaction, deadline) =>
      mongo.run('migration.reaction', deadline, async () => {
        const found = await reactions.findOne({ _id: reactionKey(reaction) })
        return found ? reactionFrom(found) : undefined
      }),
    reactionsOn: (keys, deadline, after) =>
      mongo.run('migration.reactions', deadline, async () => {
        const { part, whole } = messagesAfter(keys, after)
        const found: Reaction[] = []
        if (after && part.length > 0) {
          const { messageId, emoji, userId } = after
          const behind = [{ emoji, userId: { $gt: long(userId) } }, { emoji: { $gt: emoji } }]
          const rest = { messageId: long(messageId), $or: behind }
          found.push(...(await find(rest, REACTIONS_PAGE)))
        }
        const left = REACTIONS_PAGE - found.length
        if (whole.length > 0 && left > 0) {
          const ids = whole.map(({ id }) => long(id))
          found.push(...(await find({ messageId: { $in: ids } }, left)))
        }
        return found
      }),
    putReactions: (all, deadline, { onlyIfPresent = false } = {}) =>
      mongo.run('migration.react', deadline, () =>
        inOrder(all, deadline, (reaction) => putOne(reaction, !onlyIfPresent)),
      ),
    reactionsDeletedAt: async () => undefined, // it remembers no deletes
    deleteReactions: (all, deadline) =>
      mongo.run('migration.unreact', deadline, () =>
        inOrder(all, deadline, (reaction) =>
          reactions.deleteOne({
            _id: reactionKey(reaction),
            writeTime: { $lte: reaction.writeTimeMicros },
          }),
        ),
      ),
  }
}

const reactionFrom = (document: ReactionDocument): Reaction => {
  const { messageId, channelId, emoji, userId, writeTime } = document
  return {
    v: 1,
    channelId: text(channelId),
    messageId: text(messageId),
    emoji,
    userId: text(userId),
    writeTimeMicros: writeTime,
  }
}

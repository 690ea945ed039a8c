import type { ChannelId, MessageId } from '@threshold/contract'
import type { Reaction, ReactionCount } from '@threshold/domain'
import { keyedRwLock, unavailable } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { reactWithinLimit } from '@threshold/stage-1/adapters/reaction-limit'
import pRetry from 'p-retry'
import type { CassandraDatabase, CassandraRow, Execute } from '../cassandra/database.ts'
import { keyedMutex } from '../cassandra/keyed-mutex.ts'
import { long, text } from '../cassandra/rows.ts'
import { statements } from '../cassandra/statements.ts'

/**
 * When a tombstone covers a new reaction, it is written again after 5 ms, then 10 ms and so on, for
 * up to 1.3 s. One batch deletes a message and its reactions, but Cassandra may apply the two parts
 * at different moments.
 */
const WRITE_AGAIN = { retries: 8, minTimeout: 5, factor: 2 }

type ReactionPart = Pick<MessageStore, 'react' | 'unreact' | 'reactors' | 'reactions'>

/** The message store's access to its rows. */
interface MessageAccess {
  readonly keyspace: string
  keyOf(channel: ChannelId, id: MessageId): unknown[]
  /** Rows that say whether the messages exist and whether a user has reacted to them. */
  reactedRows(
    execute: Execute,
    channel: ChannelId,
    ids: readonly MessageId[],
  ): Promise<CassandraRow[]>
}

/**
 * A message's reactions are one partition, sorted by emoji and user. Counting reads all of it.
 * Cassandra's counters would be quicker, but a write to one cannot be repeated safely after a
 * time-out. Production keeps its own count beside the very large ones.
 */
export function cassandraReactions(
  database: CassandraDatabase,
  messages: MessageAccess,
): ReactionPart {
  const { messages: messageCql, reactions: cql } = statements(messages.keyspace)
  const withLock = keyedMutex()
  /** By message. Like `withLock` it holds within this process. */
  const lock = keyedRwLock()
  const keyOf = ({ messageId, emoji, userId }: Reaction): unknown[] => [
    long(messageId),
    emoji,
    long(userId),
  ]
  const lockKey = ({ messageId, emoji, userId }: Reaction): string =>
    `${messageId}:${userId}:${emoji}`

  /**
   * Undefined when there is no such message. `reactedAt` is the write time of the first reaction,
   * or of the latest removal if that is later.
   */
  async function findMessage(
    execute: Execute,
    { channelId, messageId }: Reaction,
  ): Promise<{ reactedAt?: bigint } | undefined> {
    const [row] = await execute(messageCql.reactedAt, messages.keyOf(channelId, messageId))
    if (row?.author_id == null) return undefined
    return row.reacted_at == null ? {} : { reactedAt: row.reacted_at as bigint }
  }

  async function markReacted(
    execute: Execute,
    { channelId, messageId }: Reaction,
    at: bigint,
  ): Promise<void> {
    await execute(messageCql.markReacted, [at, ...messages.keyOf(channelId, messageId)])
  }

  /** The write time of a reaction; undefined when it is not there. */
  async function writeTimeOf(execute: Execute, reaction: Reaction): Promise<bigint | undefined> {
    const [row] = await execute(cql.one, keyOf(reaction))
    return row?.write_time as bigint | undefined
  }

  async function countsOf(
    execute: Execute,
    id: MessageId,
    viewer: string,
  ): Promise<ReactionCount[]> {
    const rows = await execute(cql.counts, [long(id)])
    if (rows.length === 0) return []
    const emoji = rows.map((row) => row.emoji)
    const ofViewer = await execute(cql.ofUser, [long(id), emoji, long(viewer)])
    const viewersEmoji = new Set(ofViewer.map((row) => row.emoji))
    // Emoji in the order in which each was first used.
    return rows
      .toSorted((a, b) => ((a.first as bigint) < (b.first as bigint) ? -1 : 1))
      .map((row) => ({
        emoji: text(row.emoji),
        count: Number(row.count),
        me: viewersEmoji.has(row.emoji),
      }))
  }

  async function emojiOf(execute: Execute, id: MessageId): Promise<unknown[]> {
    const rows = await execute(cql.emoji, [long(id)])
    return rows.map((row) => row.emoji)
  }

  const insert = (execute: Execute, reaction: Reaction) =>
    withLock(lockKey(reaction), () => {
      const covered = unavailable('a reaction that changes faster than it can be written')
      const attempt = async (number: number) => {
        const message = await findMessage(execute, reaction)
        if (message === undefined) return 'absent'
        if ((await writeTimeOf(execute, reaction)) !== undefined)
          return number === 1 ? 'known' : 'added'
        // Later than every reaction that was taken back, whatever the clock says: otherwise their
        // tombstones would cover it.
        const at = later(reaction.writeTimeMicros, message.reactedAt)
        // The mark comes first: a crash in between must not leave a reaction that no page reads.
        if (message.reactedAt === undefined) await markReacted(execute, reaction, at)
        await execute(cql.insert, [...keyOf(reaction), at, at])
        if ((await writeTimeOf(execute, reaction)) !== undefined) return 'added'
        // The message was deleted meanwhile, or another process has just taken this reaction back.
        throw covered
      }
      return pRetry(attempt, { ...WRITE_AGAIN, shouldRetry: ({ error }) => error === covered })
    })

  const remove = (execute: Execute, reaction: Reaction) =>
    withLock(lockKey(reaction), async () => {
      const written = await writeTimeOf(execute, reaction)
      if (written === undefined) return 'absent'
      // The delete must be at least as late as the reaction to cover it.
      let at = reaction.writeTimeMicros
      if (at < written) at = written
      // The mark comes first and keeps the time of the tombstone, which cannot be read. The next
      // reaction must be later.
      await markReacted(execute, reaction, at)
      await execute(cql.delete, [at, ...keyOf(reaction)])
      return 'removed'
    })

  return {
    react: (reaction, deadline) =>
      database.run('reactions.add', deadline, (execute) =>
        reactWithinLimit(
          lock,
          reaction,
          {
            emojiOf: () => emojiOf(execute, reaction.messageId),
            has: async (emoji) =>
              (await writeTimeOf(execute, { ...reaction, emoji })) !== undefined,
            insert: () => insert(execute, reaction),
          },
          deadline,
        ),
      ),

    unreact: (reaction, deadline) =>
      database.run('reactions.remove', deadline, (execute) =>
        lock.shared(reaction.messageId, () => remove(execute, reaction)),
      ),

    reactors: (_channel, id, emoji, page, deadline) =>
      database.run('reactions.users', deadline, async (execute) => {
        const after = long(page.after ?? '0')
        const rows = await execute(cql.users, [long(id), emoji, after, page.limit])
        return rows.map((row) => text(row.user_id))
      }),

    reactions: (channel, ids, viewer, deadline) =>
      database.run('reactions.counts', deadline, async (execute) => {
        // Only messages with a reaction, past or present, are counted: most of a page have none.
        const rows = await messages.reactedRows(execute, channel, ids)
        const reacted = rows.filter((row) => row.reacted === true)
        const counted = await Promise.all(
          reacted.map(async (row) => {
            const id = text(row.message_id)
            return [id, await countsOf(execute, id, viewer)] as const
          }),
        )
        return new Map(counted.filter(([, counts]) => counts.length > 0))
      }),
  }
}

const later = (at: bigint, than: bigint | undefined): bigint =>
  than === undefined || at > than ? at : than + 1n

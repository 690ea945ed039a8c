import type { ChannelId, MessageId } from '@threshold/contract'
import type { Reaction, ReactionCount } from '@threshold/domain'
import { keyedRwLock, unavailable } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { reactWithinLimit } from '@threshold/stage-1/adapters/reaction-limit'
import type { CassandraDatabase, Execute, Row } from '../cassandra/database.ts'
import { long, text } from '../cassandra/rows.ts'
import { turns } from '../cassandra/turns.ts'

/** Processes that take turns at one reaction; more than a few are no coincidence. */
const ROUNDS = 5

type ReactionPart = Pick<MessageStore, 'react' | 'unreact' | 'reactors' | 'reactions'>

/** How the message store finds its rows. */
interface Messages {
  readonly keyspace: string
  readonly table: string
  keyOf(channel: ChannelId, id: MessageId): unknown[]
  /** Whether they are there, and whether somebody has reacted. */
  marksOf(execute: Execute, channel: ChannelId, ids: readonly MessageId[]): Promise<Row[]>
}

/**
 * A message's reactions are one partition: emoji, then users. Counting reads all of it; Cassandra's
 * counters would be quicker, and cannot be repeated safely after a time-out. Production keeps a
 * count of its own beside the very large ones.
 */
export function cassandraReactions(database: CassandraDatabase, messages: Messages): ReactionPart {
  const table = `${messages.keyspace}.reactions`
  const inTurn = turns()
  /** By message. Like `inTurn` it holds within this process, and this stage is one process. */
  const lock = keyedRwLock()
  const ONE = 'message_id = ? AND emoji = ? AND user_id = ?'
  const INSERT = `INSERT INTO ${table} (message_id, emoji, user_id, v, write_time) VALUES (?, ?, ?, 1, ?) USING TIMESTAMP ?`
  const FLAG = `UPDATE ${messages.table} USING TIMESTAMP ? SET reacted = true WHERE channel_id = ? AND bucket = ? AND message_id = ?`
  const MESSAGE = `SELECT author_id, WRITETIME(reacted) AS reacted_at FROM ${messages.table} WHERE channel_id = ? AND bucket = ? AND message_id = ?`
  const keyOf = ({ messageId, emoji, userId }: Reaction): unknown[] => [
    long(messageId),
    emoji,
    long(userId),
  ]
  const turnOf = ({ messageId, emoji, userId }: Reaction): string =>
    `${messageId}:${userId}:${emoji}`

  /**
   * Undefined when there is no such message. Its mark is as late as the first reaction, and as
   * every one that was taken back.
   */
  async function messageOf(
    execute: Execute,
    { channelId, messageId }: Reaction,
  ): Promise<{ reactedAt?: bigint } | undefined> {
    const [row] = await execute(MESSAGE, messages.keyOf(channelId, messageId))
    if (row?.author_id == null) return undefined
    return row.reacted_at == null ? {} : { reactedAt: row.reacted_at as bigint }
  }

  /** When a reaction was written; undefined when it is not there. */
  async function writtenAt(execute: Execute, reaction: Reaction): Promise<bigint | undefined> {
    const [row] = await execute(`SELECT write_time FROM ${table} WHERE ${ONE}`, keyOf(reaction))
    return row?.write_time as bigint | undefined
  }

  async function countsOf(
    execute: Execute,
    id: MessageId,
    viewer: string,
  ): Promise<ReactionCount[]> {
    const grouped = `SELECT emoji, count(*) AS count, min(write_time) AS first FROM ${table} WHERE message_id = ? GROUP BY emoji`
    const rows = await execute(grouped, [long(id)])
    if (rows.length === 0) return []
    const theirs = `SELECT emoji FROM ${table} WHERE message_id = ? AND emoji IN ? AND user_id = ?`
    const mine = new Set(
      (await execute(theirs, [long(id), rows.map((row) => row.emoji), long(viewer)])).map(
        (row) => row.emoji,
      ),
    )
    // Emoji in the order in which they first came.
    return rows
      .toSorted((a, b) => ((a.first as bigint) < (b.first as bigint) ? -1 : 1))
      .map(({ emoji, count }) => ({
        emoji: text(emoji),
        count: Number(count),
        me: mine.has(emoji),
      }))
  }

  async function emojiOf(execute: Execute, id: MessageId): Promise<unknown[]> {
    const rows = await execute(`SELECT emoji FROM ${table} WHERE message_id = ? GROUP BY emoji`, [
      long(id),
    ])
    return rows.map((row) => row.emoji)
  }

  const insert = (execute: Execute, reaction: Reaction) =>
    inTurn(turnOf(reaction), async () => {
      const { channelId, messageId } = reaction
      for (let round = 0; round < ROUNDS; round++) {
        const message = await messageOf(execute, reaction)
        if (message === undefined) return 'absent'
        if ((await writtenAt(execute, reaction)) !== undefined)
          return round === 0 ? 'known' : 'added'
        // Later than every reaction that was taken back, whatever the clock says, or their
        // tombstones would cover it.
        const at = later(reaction.writeTimeMicros, message.reactedAt)
        // First, or a crash in between would leave a reaction that no page asks for.
        if (message.reactedAt === undefined)
          await execute(FLAG, [at, ...messages.keyOf(channelId, messageId)])
        await execute(INSERT, [...keyOf(reaction), at, at])
        if ((await writtenAt(execute, reaction)) !== undefined) return 'added'
        // Covered: its message was deleted meanwhile, or another process has just taken this
        // reaction back.
      }
      throw unavailable('a reaction that changes faster than it can be written')
    })

  const remove = (execute: Execute, reaction: Reaction) =>
    inTurn(turnOf(reaction), async () => {
      const written = await writtenAt(execute, reaction)
      if (written === undefined) return 'absent'
      // At least as late as what it takes back, or it would take nothing.
      let at = reaction.writeTimeMicros
      if (at < written) at = written
      // First: a tombstone cannot be read, and whoever reacts again must be later than it.
      await execute(FLAG, [at, ...messages.keyOf(reaction.channelId, reaction.messageId)])
      await execute(`DELETE FROM ${table} USING TIMESTAMP ? WHERE ${ONE}`, [at, ...keyOf(reaction)])
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
            has: async (emoji) => (await writtenAt(execute, { ...reaction, emoji })) !== undefined,
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
        const select = `SELECT user_id FROM ${table} WHERE message_id = ? AND emoji = ? AND user_id > ? LIMIT ?`
        return (await execute(select, [long(id), emoji, long(page.after ?? '0'), page.limit])).map(
          (row) => text(row.user_id),
        )
      }),

    reactions: (channel, ids, viewer, deadline) =>
      database.run('reactions.counts', deadline, async (execute) => {
        // Most messages have none, and a page has fifty: only those that anybody ever reacted to
        // are asked about.
        const reacted = (await messages.marksOf(execute, channel, ids)).filter(
          (row) => row.reacted === true,
        )
        const counted = await Promise.all(
          reacted.map(
            async (row) =>
              [
                text(row.message_id),
                await countsOf(execute, text(row.message_id), viewer),
              ] as const,
          ),
        )
        return new Map(counted.filter(([, counts]) => counts.length > 0))
      }),
  }
}

const later = (at: bigint, than: bigint | undefined): bigint =>
  than === undefined || at > than ? at : than + 1n

import type { Reaction } from '@threshold/domain'
import {
  type MessageKey,
  type MigrationPort,
  messagesAfter,
  REACTIONS_PAGE,
  slices,
} from '@threshold/migration'
import type { CassandraDatabase, Execute } from '../cassandra/database.ts'
import { long, text } from '../cassandra/rows.ts'
import { statements } from '../cassandra/statements.ts'
import { each } from './each.ts'

type ReactionReplica = Pick<
  MigrationPort,
  'reaction' | 'reactionsOn' | 'putReactions' | 'reactionsDeletedAt' | 'deleteReactions'
>

/** Messages whose reactions are read side by side, each by a page. */
const MESSAGES_AT_ONCE = 16

/** The reactions of `cassandraReplica`. */
export function cassandraReactionReplica(
  database: CassandraDatabase,
  messages: { readonly keyspace: string; keyOf(key: MessageKey): unknown[] },
): ReactionReplica {
  const { messages: messageCql, reactions: cql } = statements(messages.keyspace)
  const keyOf = ({ messageId, emoji, userId }: Reaction): unknown[] => [
    long(messageId),
    emoji,
    long(userId),
  ]

  async function reactionsOf(
    execute: Execute,
    { channelId, id }: MessageKey,
    after?: Reaction,
  ): Promise<Reaction[]> {
    const rows =
      after === undefined
        ? await execute(cql.all, [long(id), REACTIONS_PAGE])
        : await execute(cql.after, [long(id), after.emoji, long(after.userId), REACTIONS_PAGE])
    return rows.map((row) => ({
      v: 1,
      channelId,
      messageId: id,
      emoji: text(row.emoji),
      userId: text(row.user_id),
      writeTimeMicros: row.write_time as bigint,
    }))
  }

  async function markReacted(execute: Execute, reaction: Reaction): Promise<void> {
    const { channelId, messageId: id, writeTimeMicros } = reaction
    await execute(messageCql.markReacted, [writeTimeMicros, ...messages.keyOf({ channelId, id })])
  }

  return {
    reaction: (reaction, deadline) =>
      database.run('migration.reaction', deadline, async (execute) => {
        const [row] = await execute(cql.one, keyOf(reaction))
        const writeTimeMicros = row?.write_time as bigint | undefined
        return writeTimeMicros === undefined ? undefined : { ...reaction, writeTimeMicros }
      }),
    reactionsOn: (keys, deadline, after) =>
      database.run('migration.reactions', deadline, async (execute) => {
        const { part, whole } = messagesAfter(keys, after)
        const found: Reaction[] = []
        for (const key of part) found.push(...(await reactionsOf(execute, key, after)))
        for (const some of slices(whole, MESSAGES_AT_ONCE)) {
          if (found.length >= REACTIONS_PAGE) break
          found.push(...(await Promise.all(some.map((key) => reactionsOf(execute, key)))).flat())
        }
        return found.slice(0, REACTIONS_PAGE)
      }),
    putReactions: (all, deadline) =>
      database.run('migration.react', deadline, (execute) =>
        each(all, async (reaction) => {
          // The mark comes first: a crash in between must not leave a reaction that no page reads.
          // Its message may come later.
          await markReacted(execute, reaction)
          const { writeTimeMicros } = reaction
          await execute(cql.insert, [...keyOf(reaction), writeTimeMicros, writeTimeMicros])
        }),
      ),
    reactionsDeletedAt: (key, deadline) =>
      database.run('migration.reacted', deadline, async (execute) => {
        const [row] = await execute(messageCql.reactedAt, messages.keyOf(key))
        return (row?.reacted_at as bigint | null | undefined) ?? undefined
      }),
    deleteReactions: (all, deadline) =>
      database.run('migration.unreact', deadline, (execute) =>
        each(all, async (reaction) => {
          // The mark comes first and keeps the time of the tombstone, which cannot be read. The
          // next reaction must be later.
          await markReacted(execute, reaction)
          await execute(cql.delete, [reaction.writeTimeMicros, ...keyOf(reaction)])
        }),
      ),
  }
}

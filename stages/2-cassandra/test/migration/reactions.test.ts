import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { allTests } from '@threshold/engines/testing'
import { messageKey } from '@threshold/migration'
import { compare } from '@threshold/migration/divergence'
import { asSent } from '@threshold/migration/reconcile'
import type { ReactionDocument } from '@threshold/stage-1/mongodb/documents'
import { expect, it } from 'vitest'
import { openFixture } from './fixture.ts'

/** The driver answers 5,000 rows at once. */
const REACTIONS = 5_001
const AT_ONCE = 500

it.runIf(allTests())(
  'compares a message with all its reactions, however many',
  { timeout: 60_000 },
  async () => {
    await using use = new AsyncDisposableStack()
    const { ends, mongo, cassandra, config } = await openFixture(use)
    const message = aMessage(newId())
    const { id, channelId } = message
    const times = Array.from({ length: REACTIONS }, () => writeTime())

    await ends.source.store.insert(message, testDeadline())
    await ends.source.store.react(
      { v: 1, channelId, messageId: id, emoji: '👍', userId: '0', writeTimeMicros: times[0]! },
      testDeadline(),
    )
    const fields = {
      v: 1 as const,
      messageId: BigInt(id),
      channelId: BigInt(channelId),
      emoji: '👍',
    }
    const others = times.slice(1).map((writeTime, i): ReactionDocument => {
      const userId = BigInt(i + 1)
      return { _id: `${id}:👍:${userId}`, ...fields, userId, writeTime }
    })
    await mongo.db.collection<ReactionDocument>('reactions').insertMany(others)

    await ends.target.port.put([asSent(message)], testDeadline(), { edited: false })
    await ends.target.port.putReactions(
      [{ v: 1, channelId, messageId: id, emoji: '👍', userId: '0', writeTimeMicros: times[0]! }],
      testDeadline(),
    )
    const query = `INSERT INTO ${config.keyspace}.reactions (message_id, emoji, user_id, v, write_time) VALUES (?, ?, ?, 1, ?)`
    const rows = times.map((time, i) => ({ query, params: [BigInt(id), '👍', BigInt(i), time] }))
    for (let at = 0; at < REACTIONS; at += AT_ONCE)
      await cassandra.client.batch(rows.slice(at, at + AT_ONCE), { prepare: true, logged: false })

    const pair = {
      source: ends.source.port,
      target: ends.target.port,
      intents: { pendingFor: async () => new Set<string>() },
    }
    expect(await pair.target.reactionsOn([messageKey(message)], testDeadline())).toHaveLength(
      REACTIONS,
    )
    expect(await compare(pair, [messageKey(message)])).toEqual([])
  },
)

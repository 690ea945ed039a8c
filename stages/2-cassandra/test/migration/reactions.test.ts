import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { allTests } from '@threshold/engines/testing'
import type { ReactionDocument } from '@threshold/stage-1/mongodb/documents'
import { expect, it } from 'vitest'
import { asSent } from '../../src/migration/mirror.ts'
import { keyOf } from '../../src/migration/movable.ts'
import { compare } from '../../src/migration/steps/compare.ts'
import { openHouse } from './house.ts'

/** The driver answers 5,000 rows at once. */
const REACTIONS = 5_001
const TOGETHER = 500

it.runIf(allTests())(
  'a message is compared with all its reactions, however many',
  { timeout: 60_000 },
  async () => {
    await using use = new AsyncDisposableStack()
    const { sides, mongo, cassandra, config } = await openHouse(use)
    const message = aMessage(newId())
    const { id, channelId } = message
    const times = Array.from({ length: REACTIONS }, () => writeTime())

    await sides.mongo.store.insert(message, testDeadline())
    await sides.mongo.store.react(
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

    await sides.cassandra.movable.put([asSent(message)], testDeadline(), { edited: false })
    await sides.cassandra.movable.putReactions(
      [{ v: 1, channelId, messageId: id, emoji: '👍', userId: '0', writeTimeMicros: times[0]! }],
      testDeadline(),
    )
    const query = `INSERT INTO ${config.keyspace}.reactions (message_id, emoji, user_id, v, write_time) VALUES (?, ?, ?, 1, ?)`
    const rows = times.map((time, i) => ({ query, params: [BigInt(id), '👍', BigInt(i), time] }))
    for (let at = 0; at < REACTIONS; at += TOGETHER)
      await cassandra.client.batch(rows.slice(at, at + TOGETHER), { prepare: true, logged: false })

    const pair = {
      source: sides.mongo.movable,
      target: sides.cassandra.movable,
      intents: { about: async () => new Set<string>() },
    }
    expect(await pair.target.reactionsOn([keyOf(message)], testDeadline())).toHaveLength(REACTIONS)
    expect(await compare(pair, [keyOf(message)])).toEqual([])
  },
)

import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { Reaction } from '@threshold/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mirrorReaction } from '../../src/migration/mirror.ts'
import { keyOf, type Movable } from '../../src/migration/movable.ts'
import { compare, repair } from '../../src/migration/steps/compare.ts'
import { type House, openHouse } from './house.ts'

const use = new AsyncDisposableStack()
let house: House
beforeAll(async () => {
  house = await openHouse(use)
})
afterAll(() => use.disposeAsync())

const nothingWritten = { about: async () => new Set<string>() }

/** A message that both stores have, and a reaction to it, in whichever store it is put. */
async function reacted() {
  const { mongo, cassandra } = house.sides
  const message = aMessage(newId())
  for (const { store } of [mongo, cassandra]) await store.insert(message, testDeadline())
  const { id: messageId, channelId } = message
  const reaction = (): Reaction => ({
    v: 1,
    channelId,
    messageId,
    emoji: '👍',
    userId: '7',
    writeTimeMicros: writeTime(),
  })
  const inBoth = async () => {
    const find = ({ movable }: { movable: Movable }) =>
      movable.reactionsOn([keyOf(message)], testDeadline())
    return [await find(mongo), await find(cassandra)] as const
  }
  return { mongo, cassandra, message, reaction, inBoth }
}

describe('one device takes a reaction back while another gives it again', {
  timeout: 30_000,
}, () => {
  it.each(['mongo', 'cassandra'] as const)(
    'and the newer one stays, where %s decides',
    async (first) => {
      const { mongo, cassandra, reaction, inBoth } = await reacted()
      const [from, to] = first === 'mongo' ? [mongo, cassandra] : [cassandra, mongo]
      const old = reaction()
      for (const { store } of [mongo, cassandra]) await store.react(old, testDeadline())
      const took = reaction()
      await from.store.unreact(took, testDeadline())
      let again: Reaction | undefined
      const meanwhile: Movable = {
        ...from.movable,
        async reaction(one, deadline) {
          const there = await from.movable.reaction(one, deadline)
          if (again === undefined) {
            again = reaction()
            await from.store.react(again, testDeadline())
            await to.movable.putReactions([again], testDeadline())
          }
          return there
        },
      }
      await mirrorReaction({ from: meanwhile, to: to.movable }, took, true, testDeadline())
      expect(await inBoth()).toEqual([[again], [again]])
    },
  )
})

describe('a reaction that was taken back while a clock was ahead', { timeout: 30_000 }, () => {
  it.each(['mongo', 'cassandra'] as const)(
    'is in both stores when it is given again, where %s decides',
    async (first) => {
      const { mongo, cassandra, reaction, inBoth } = await reacted()
      const [from, to] = first === 'mongo' ? [mongo, cassandra] : [cassandra, mongo]
      const inFuture = (micros: bigint): Reaction => ({
        ...reaction(),
        writeTimeMicros: writeTime() + micros,
      })
      const [given, taken, again] = [inFuture(3_600_000_000n), inFuture(3_600_100_000n), reaction()]
      for (const { store } of [mongo, cassandra]) await store.react(given, testDeadline())
      await from.store.unreact(taken, testDeadline())
      await mirrorReaction({ from: from.movable, to: to.movable }, taken, true, testDeadline())
      expect(await inBoth()).toEqual([[], []])
      expect(await from.store.react(again, testDeadline())).toBe('added')
      await mirrorReaction({ from: from.movable, to: to.movable }, again, false, testDeadline())
      const [inMongo, inCassandra] = await inBoth()
      expect(inMongo).toHaveLength(1)
      expect(inCassandra).toEqual(inMongo)
    },
  )
})

describe('what happens between a comparison and its repair', { timeout: 30_000 }, () => {
  it('is not undone: a reaction that is given again stays', async () => {
    const { mongo, cassandra, message, reaction, inBoth } = await reacted()
    await cassandra.store.react(reaction(), testDeadline()) // taken back on MongoDB, as it seems
    const pair = { source: mongo.movable, target: cassandra.movable, intents: nothingWritten }
    const [divergence] = await compare(pair, [keyOf(message)])
    expect(divergence?.targetReactions).toHaveLength(1)
    const again = reaction()
    for (const { store, movable } of [mongo, cassandra]) {
      await store.react(again, testDeadline())
      await movable.putReactions([again], testDeadline())
    }
    await repair(pair, divergence!)
    expect(await inBoth()).toEqual([[again], [again]])
    expect(await compare(pair, [keyOf(message)])).toEqual([])
  })

  it('is not undone: a message that is deleted stays deleted', async () => {
    const { mongo, cassandra, message } = await reacted()
    const { id, channelId } = message
    await cassandra.store.edit(
      { id, channelId, set: { content: 'newer' }, writeTimeMicros: writeTime() },
      testDeadline(),
    )
    const pair = { source: mongo.movable, target: cassandra.movable, intents: nothingWritten }
    const [divergence] = await compare(pair, [keyOf(message)])
    expect(divergence?.target?.message.content).toBe('newer')
    await mongo.store.remove(channelId, [id], writeTime(), testDeadline())
    await repair(pair, divergence!)
    expect(await mongo.store.get(channelId, [id], testDeadline())).toEqual([])
  })

  it('is not undone: a reaction that is taken back stays so, though Cassandra had a newer one', async () => {
    const { mongo, cassandra, message, reaction, inBoth } = await reacted()
    const old = reaction()
    await mongo.store.react(old, testDeadline())
    await cassandra.movable.putReactions([reaction()], testDeadline())
    const pair = { source: mongo.movable, target: cassandra.movable, intents: nothingWritten }
    const [divergence] = await compare(pair, [keyOf(message)])
    await mongo.store.unreact(reaction(), testDeadline())
    await repair(pair, divergence!)
    expect((await inBoth())[0]).toEqual([])
  })

  it('gives the older store what the newer has, where nothing happens', async () => {
    const { mongo, cassandra, message, inBoth, reaction } = await reacted()
    const { id, channelId } = message
    await cassandra.store.edit(
      { id, channelId, set: { content: 'newer' }, writeTimeMicros: writeTime() },
      testDeadline(),
    )
    const given = reaction()
    await mongo.store.react(given, testDeadline())
    const pair = { source: mongo.movable, target: cassandra.movable, intents: nothingWritten }
    for (const divergence of await compare(pair, [keyOf(message)])) await repair(pair, divergence)
    expect(await compare(pair, [keyOf(message)])).toEqual([])
    expect((await mongo.store.get(channelId, [id], testDeadline()))[0]?.content).toBe('newer')
    expect(await inBoth()).toEqual([[given], [given]])
  })
})

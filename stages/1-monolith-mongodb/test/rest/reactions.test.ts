import { newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { unavailable } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { database } from '../adapters/database.ts'
import { type Rest, rest } from './world.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
beforeAll(async () => {
  mongo = await database(use)
})
afterAll(() => use.disposeAsync())

const USERS = [newId(), newId(), newId()]

/** A message to which each of the users has reacted with each of these. */
async function reacted(world: Rest, emojis: readonly string[]): Promise<string> {
  const { id: message } = await world.ask('message.send', { body: { content: 'react' } })
  for (const emoji of emojis) for (const user of USERS) await react(world, message, emoji, user)
  return message
}
const react = (world: Rest, messageId: string, emoji: string, userId: string) =>
  world.stores.messages.react(
    {
      v: 1,
      channelId: world.guild.text.id,
      messageId,
      emoji,
      userId,
      writeTimeMicros: writeTime(),
    },
    testDeadline(),
  )

const left = async (world: Rest, message: string): Promise<unknown[]> =>
  (
    (
      await world.stores.messages.reactions(world.guild.text.id, [message], '1', testDeadline())
    ).get(message) ?? []
  ).map((r) => [r.emoji, r.count])
const told = (world: Rest): unknown[] =>
  ['MESSAGE_REACTION_REMOVE', 'MESSAGE_REACTION_REMOVE_EMOJI', 'MESSAGE_REACTION_REMOVE_ALL'].map(
    (type) => world.heard(type).length,
  )

describe('reactions that are removed together', () => {
  it('are told together', async () => {
    await using world = await rest(mongo)
    const message = await reacted(world, ['👍', '🎉'])
    await world.ask('reaction.clear', { params: { message, emoji: '👍' } })
    expect([await left(world, message), told(world)]).toEqual([[['🎉', 3]], [0, 1, 0]])
    await world.ask('reaction.clear-all', { params: { message } })
    expect([await left(world, message), told(world)]).toEqual([[], [0, 1, 1]])
  })

  it('are told one by one where it ended half-way, and what is left is removed when it is asked for again', async () => {
    await using world = await rest(mongo)
    const message = await reacted(world, ['👍', '🎉'])
    let calls = 0
    world.fault(
      'messages',
      'unreact',
      async (call) => {
        calls += 1
        if (calls === 5) throw unavailable('the store')
        return call()
      },
      5,
    )
    const clear = () => world.ask('reaction.clear-all', { params: { message } })
    await expect(clear()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect([await left(world, message), told(world)]).toEqual([[['🎉', 2]], [4, 0, 0]])
    await clear()
    expect([await left(world, message), told(world)]).toEqual([[], [4, 0, 1]])
  })

  it('are all of them, also one that comes meanwhile with another emoji', async () => {
    await using world = await rest(mongo)
    const message = await reacted(world, ['👍'])
    world.fault('messages', 'unreact', async (call) => {
      await react(world, message, '🐳', USERS[0]!)
      return call()
    })
    await world.ask('reaction.clear-all', { params: { message } })
    expect([await left(world, message), told(world)]).toEqual([[], [0, 0, 1]])
  })
})

describe('reactions in a spelling that an earlier version stored', () => {
  const [BARE, HEART] = ['\u2764', '\u2764\uFE0F']
  const heart = { id: null, name: HEART }
  const dataOf = (world: Rest, type: string): unknown[] =>
    world.heard(type).map((event) => (event.data as { emoji: unknown }).emoji)

  it('are listed and counted with those of today', async () => {
    await using world = await rest(mongo)
    const me = world.guild.owner.user.id
    const message = await reacted(world, [BARE])
    for (const user of USERS)
      await world.stores.metadata.createUser(
        { v: 1, id: user, username: 'ada', bot: false },
        testDeadline(),
      )
    await world.ask('reaction.add', { params: { message, emoji: BARE } })
    expect(dataOf(world, 'MESSAGE_REACTION_ADD')).toEqual([heart])
    const all = [me, ...USERS].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
    for (const emoji of [BARE, HEART]) {
      const users = (await world.ask('reaction.list', {
        params: { message, emoji },
      })) as unknown as { id: string }[]
      expect(users.map(({ id }) => id)).toEqual(all)
    }
    const shown = (await world.ask('message.get', { params: { message } })) as unknown as {
      reactions: unknown[]
    }
    expect(shown.reactions).toMatchObject([{ emoji: heart, count: 4, me: true }])
    expect(shown.reactions).toHaveLength(1)
  })

  it('are taken back by either spelling, one by one and together', async () => {
    await using world = await rest(mongo)
    const message = await reacted(world, [BARE, '👍'])
    await world.ask('reaction.remove-other', { params: { message, emoji: HEART, user: USERS[0]! } })
    expect(await left(world, message)).toEqual([
      [BARE, 2],
      ['👍', 3],
    ])
    expect(dataOf(world, 'MESSAGE_REACTION_REMOVE')).toEqual([heart])
    await world.ask('reaction.clear', { params: { message, emoji: BARE } })
    expect(await left(world, message)).toEqual([['👍', 3]])
    expect(dataOf(world, 'MESSAGE_REACTION_REMOVE_EMOJI')).toEqual([heart])
  })
})

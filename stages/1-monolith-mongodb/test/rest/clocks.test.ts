import { aGuild, aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
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

const AN_HOUR = 3_600_000_000n
const readMessage = async (world: Rest, id: string) =>
  (await world.stores.messages.get(world.guild.text.id, [id], testDeadline()))[0]

/** The owner's own, by a process whose clock was an hour ahead. */
async function sentAhead(world: Rest): Promise<string> {
  const message = aMessage(world.guild.text.id, {
    authorId: world.guild.owner.user.id,
    content: 'first text',
    writeTimeMicros: writeTime() + AN_HOUR,
  })
  await world.stores.messages.insert(message, testDeadline())
  return message.id
}

describe('an edit', () => {
  it('is stored over what a process wrote whose clock was ahead', async () => {
    await using world = await rest(mongo)
    const message = await sentAhead(world)
    const edited = await world.ask('message.edit', {
      params: { message },
      body: { content: 'second text' },
    })
    expect(edited).toMatchObject({ content: 'second text' })
    expect(await readMessage(world, message)).toMatchObject({ content: 'second text' })
    expect(world.heard('MESSAGE_UPDATE')).toMatchObject([{ data: { content: 'second text' } }])
  })

  it('is stored over another one of the future that came between its reading and its writing', async () => {
    await using world = await rest(mongo)
    const { id } = await world.ask('message.send', { body: { content: 'first text' } })
    world.fault('messages', 'edit', async (call) => {
      const set = { content: 'ahead' }
      const ahead = {
        id,
        channelId: world.guild.text.id,
        set,
        writeTimeMicros: writeTime() + AN_HOUR,
      }
      await world.stores.messages.edit(ahead, testDeadline())
      return call()
    })
    await world.ask('message.edit', { params: { message: id }, body: { content: 'second text' } })
    expect(await readMessage(world, id)).toMatchObject({ content: 'second text' })
  })
})

describe('a reaction', () => {
  it('has a later write time than its message, whatever the clock says', async () => {
    await using world = await rest(mongo)
    const message = await sentAhead(world)
    const times: bigint[] = []
    for (const method of ['react', 'unreact'] as const) {
      world.fault('messages', method, async (call, reaction) => {
        times.push((reaction as { writeTimeMicros: bigint }).writeTimeMicros)
        return call()
      })
    }
    const before = (await readMessage(world, message))!.writeTimeMicros
    await world.ask('reaction.add', { params: { message, emoji: '👍' } })
    await world.ask('reaction.remove', { params: { message, emoji: '👍' } })
    expect(times).toHaveLength(2)
    expect(times[0]! > before && times[1]! > times[0]!).toBe(true)
  })
})

describe('a send whose id another message has', () => {
  it('is stored and told under a new id, and the other message stays as it is, to be found by its own words', async () => {
    const other = newId()
    const ids = [other]
    await using world = await rest(mongo, aGuild(1), { newId: () => ids.pop() ?? newId() })
    const { text, id: guild } = world.guild
    const first = aMessage(text.id, { id: other, authorId: newId(), content: 'theirs' })
    await world.stores.messages.insert(first, testDeadline())
    await world.stores.search.index(guild, first, { authorType: 'user' }, testDeadline())
    for (const nonce of [undefined, 'n']) {
      ids.push(other)
      const sent = await world.ask('message.send', {
        body: { content: 'ours', ...(nonce === undefined ? {} : { nonce, enforce_nonce: true }) },
      })
      expect(sent.id).not.toBe(other)
      expect(await readMessage(world, sent.id)).toMatchObject({
        content: 'ours',
        authorId: world.guild.owner.user.id,
      })
      expect(world.heard('MESSAGE_CREATE').at(-1)).toMatchObject({
        data: { id: sent.id, content: 'ours' },
      })
    }
    expect(await readMessage(world, other)).toEqual(first)
    const words = {
      words: ['theirs'],
      channels: [text.id],
      order: 'newest',
      offset: 0,
      limit: 5,
    } as const
    expect((await world.stores.search.search(guild, words, testDeadline())).hits).toEqual([
      { id: other, channelId: text.id },
    ])
  })
})

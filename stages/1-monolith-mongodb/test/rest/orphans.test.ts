import { randomBytes } from 'node:crypto'
import { newId, testDeadline } from '@threshold/conformance/ports'
import { createRuntime, deadlineExceeded, unavailable } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import type { ChannelAccess, Context } from '../../src/rest/context.ts'
import { createEventPublisher } from '../../src/rest/messages/event-publisher.ts'
import { database } from '../adapters/database.ts'
import { type Rest, rest } from './world.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
beforeAll(async () => {
  mongo = await database(use)
})
afterAll(() => use.disposeAsync())

const PATIENCE = { timeout: 30_000, interval: 20 }
/** Longer than the reconciler waits between two looks. */
const A_LOOK_MS = 1_500

/** Done, and nobody was told so: what a time-out may mean. */
const doneAndLost = async (call: () => Promise<unknown>): Promise<never> => {
  await call()
  throw deadlineExceeded('the store')
}
const away = async (): Promise<never> => {
  throw unavailable('the store')
}
const contents = (world: Rest): unknown[] =>
  world.heard('MESSAGE_CREATE').map(({ data }) => (data as { content: string }).content)
const deleted = (world: Rest): unknown[] =>
  world.heard('MESSAGE_DELETE').map(({ data }) => (data as { id: string }).id)
const say = (world: Rest, content: string, more: object = {}) =>
  world.ask('message.send', { body: { content, ...more } })
const unheardOf = { code: 'UNAVAILABLE' }
const late = { code: 'DEADLINE_EXCEEDED' }
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a send that fails once the message may be stored', () => {
  it('is heard without a retry when the insert was done and its answer lost', async () => {
    await using world = await rest(mongo)
    world.fault('messages', 'insert', doneAndLost)
    await expect(say(world, 'stored')).rejects.toMatchObject(late)
    expect(contents(world)).toEqual([])
    await expect.poll(() => contents(world), PATIENCE).toEqual(['stored'])
    const [event] = world.heard('MESSAGE_CREATE')
    expect(event!.data).toMatchObject({
      author: { id: world.guild.owner.user.id },
      guild_id: world.guild.id,
      member: expect.any(Object),
    })
  })

  it('is heard when the insert lands only after everybody has given up on it', async () => {
    await using world = await rest(mongo)
    let land = async (): Promise<unknown> => undefined
    world.fault('messages', 'insert', async (call) => {
      land = call
      throw deadlineExceeded('the store')
    })
    await expect(say(world, 'late')).rejects.toMatchObject(late)
    await pause(A_LOOK_MS) // looked for, and not there
    await land()
    await expect.poll(() => contents(world), PATIENCE).toEqual(['late'])
  })

  it('is heard when a read after the insert fails, also when the store stays away for a while', async () => {
    await using world = await rest(mongo)
    world.fault('metadata', 'users', away)
    world.fault('messages', 'get', away, 2)
    await expect(say(world, 'half-way')).rejects.toMatchObject(unheardOf)
    await expect.poll(() => contents(world), PATIENCE).toEqual(['half-way'])
  })

  it('does not keep the others waiting when one of them can never be told', async () => {
    await using world = await rest(mongo)
    for (const content of ['never', 'told', 'too']) {
      world.fault('messages', 'insert', doneAndLost)
      await expect(say(world, content)).rejects.toMatchObject(late)
    }
    let poisoned: unknown
    world.fault(
      'messages',
      'get',
      async (call) => {
        const found = (await call()) as { content: string }[]
        poisoned ??= found[0]?.content
        if (found[0]?.content === 'never') throw new TypeError('a bug')
        return found
      },
      Number.POSITIVE_INFINITY,
    )
    await expect.poll(() => contents(world), PATIENCE).toEqual(['told', 'too'])
    expect(poisoned).toBe('never')
  })

  it('is heard once when the client asks again and the reconciler looks too', async () => {
    await using world = await rest(mongo)
    const nonce = { nonce: newId(), enforce_nonce: true }
    world.fault('messages', 'insert', doneAndLost)
    await expect(say(world, 'twice', nonce)).rejects.toMatchObject(late)
    const { id } = await say(world, 'twice', nonce)
    await pause(A_LOOK_MS)
    expect(world.heard('MESSAGE_CREATE').map((event) => event.id)).toEqual([id])
  })

  it('is not heard of when nothing was stored', async () => {
    await using world = await rest(mongo)
    world.fault('messages', 'insert', away)
    await expect(say(world, 'nowhere')).rejects.toMatchObject(unheardOf)
    await pause(A_LOOK_MS)
    await say(world, 'here')
    expect(contents(world)).toEqual(['here'])
  })
})

describe('an edit that fails once it may be stored', () => {
  const edit = (world: Rest, message: string, content: string) =>
    world.ask('message.edit', { params: { message }, body: { content } })
  const updates = (world: Rest): unknown[] =>
    world.heard('MESSAGE_UPDATE').map(({ data }) => (data as { content: string }).content)

  it('is heard without a retry when it was made and the answer lost, and is found by its new words', async () => {
    await using world = await rest(mongo)
    const { id } = await say(world, 'before')
    world.fault('messages', 'edit', doneAndLost)
    await expect(edit(world, id, 'afterwards')).rejects.toMatchObject(late)
    await expect.poll(() => updates(world), PATIENCE).toEqual(['afterwards'])
    expect(await world.ask('message.search', { query: { content: 'afterwards' } })).toMatchObject({
      messages: [[{ id }]],
    })
  })

  it('is heard when the search index is away for a while', async () => {
    await using world = await rest(mongo)
    const { id } = await say(world, 'before')
    world.fault('search', 'index', away, 2)
    await expect(edit(world, id, 'after')).rejects.toMatchObject(unheardOf)
    await expect.poll(() => updates(world), PATIENCE).toEqual(['after'])
  })

  it('is told once when the client asks again, since a later edit tells of itself', async () => {
    await using world = await rest(mongo)
    const { id } = await say(world, 'before')
    world.fault('messages', 'edit', doneAndLost)
    await expect(edit(world, id, 'after')).rejects.toMatchObject(late)
    await edit(world, id, 'after')
    await pause(A_LOOK_MS)
    expect(updates(world)).toEqual(['after'])
  })

  it('is not told after a later one that came while the reconciler put it together, nor found by its words', async () => {
    await using world = await rest(mongo)
    const { id } = await say(world, 'before')
    world.fault('messages', 'edit', doneAndLost)
    await expect(edit(world, id, 'first')).rejects.toMatchObject(late)
    world.fault('search', 'index', async (call) => {
      await edit(world, id, 'second')
      return call()
    })
    await expect.poll(() => updates(world), PATIENCE).toEqual(['second'])
    await pause(A_LOOK_MS)
    expect(updates(world)).toEqual(['second'])
    expect(await world.ask('message.search', { query: { content: 'first' } })).toMatchObject({
      messages: [],
    })
    expect(await world.ask('message.search', { query: { content: 'second' } })).toMatchObject({
      messages: [[{ id }]],
    })
  })

  it('is not heard of when nothing was changed, or when the message is gone', async () => {
    await using world = await rest(mongo)
    const [kept, gone] = [await say(world, 'kept'), await say(world, 'gone')]
    world.fault('messages', 'edit', away)
    await expect(edit(world, kept.id, 'after')).rejects.toMatchObject(unheardOf)
    world.fault('messages', 'edit', doneAndLost)
    await expect(edit(world, gone.id, 'after')).rejects.toMatchObject(late)
    await world.ask('message.delete', { params: { message: gone.id } })
    await pause(A_LOOK_MS)
    expect(updates(world)).toEqual([])
  })
})

describe('a deletion whose second step fails', () => {
  const remove = (world: Rest, message: string) =>
    world.ask('message.delete', { params: { message } })

  it('is told when the search index is away, and a search does not find what it still names', async () => {
    await using world = await rest(mongo)
    const [one, two, three] = [
      await say(world, 'needle one'),
      await say(world, 'needle two'),
      await say(world, 'needle three'),
    ]
    world.fault('search', 'remove', away, 2)
    await remove(world, one.id)
    await world.ask('message.bulk-delete', { body: { messages: [two.id, three.id] } })
    expect(deleted(world)).toEqual([one.id])
    expect(
      world.heard('MESSAGE_DELETE_BULK').map(({ data }) => (data as { ids: string[] }).ids),
    ).toEqual([[two.id, three.id]])
    const query = {
      words: ['needle'],
      channels: [world.guild.text.id],
      order: 'newest',
      offset: 0,
      limit: 5,
    } as const
    expect(
      (await world.stores.search.search(world.guild.id, query, testDeadline())).hits,
    ).toHaveLength(3)
    expect(await world.ask('message.search', { query: { content: 'needle' } })).toMatchObject({
      messages: [],
    })
  })

  it('is told without a retry when the message went and the answer was lost', async () => {
    await using world = await rest(mongo)
    const { id } = await say(world, 'gone')
    world.fault('messages', 'remove', doneAndLost)
    await expect(remove(world, id)).rejects.toMatchObject(late)
    await expect(remove(world, id)).rejects.toMatchObject({ code: 10_008 })
    await expect.poll(() => deleted(world), PATIENCE).toEqual([id])
  })

  it('is told of each that went, and of none that is still there', async () => {
    await using world = await rest(mongo)
    const [one, two] = [await say(world, 'one'), await say(world, 'two')]
    world.fault('messages', 'remove', async () => {
      await world.stores.messages.remove(world.guild.text.id, [one.id], 2n ** 60n, testDeadline())
      throw deadlineExceeded('the store')
    })
    await expect(
      world.ask('message.bulk-delete', { body: { messages: [one.id, two.id] } }),
    ).rejects.toMatchObject(late)
    await expect.poll(() => deleted(world), PATIENCE).toEqual([one.id])
    await pause(A_LOOK_MS)
    expect(deleted(world)).toEqual([one.id])
  })

  it('is told once when it is asked for again', async () => {
    await using world = await rest(mongo)
    const [one, two, three] = [
      await say(world, 'one'),
      await say(world, 'two'),
      await say(world, 'three'),
    ]
    world.fault('messages', 'remove', away, 2)
    await expect(remove(world, one.id)).rejects.toMatchObject(unheardOf)
    const bulk = { body: { messages: [two.id, three.id] } }
    await expect(world.ask('message.bulk-delete', bulk)).rejects.toMatchObject(unheardOf)
    await remove(world, one.id)
    await world.ask('message.bulk-delete', bulk)
    await pause(A_LOOK_MS)
    expect([deleted(world).length, world.heard('MESSAGE_DELETE_BULK').length]).toEqual([1, 1])
  })
})

describe('what is in doubt', () => {
  const context = (now: () => number): Context =>
    ({
      runtime: createRuntime({ random: randomBytes, clock: { now } }),
      ports: {},
    }) as Partial<Context> as Context
  const access = {} as ChannelAccess

  it('is forgotten once the store has said for long enough that there is nothing; that it did not answer says nothing', async () => {
    let now = 0
    await using publisher = createEventPublisher(context(() => now))
    let looks = 0
    let answer: () => Promise<undefined> = away
    const findEvent = () => {
      looks += 1
      return answer()
    }
    publisher.publishIfStored({ access, eventId: 'id', findEvent })
    await expect.poll(() => looks, PATIENCE).toBe(1)
    now += 60_000
    answer = async () => undefined
    await expect.poll(() => looks, PATIENCE).toBe(3)
    now += 60_000
    await expect.poll(() => looks, PATIENCE).toBe(4)
    await pause(A_LOOK_MS)
    expect(looks).toBe(4)
  })

  it('does not grow for ever: the oldest gives way', async () => {
    await using publisher = createEventPublisher(context(Date.now))
    const looked = new Set<number>()
    for (let i = 0; i < 10_050; i++)
      publisher.publishIfStored({
        access,
        eventId: String(i),
        async findEvent() {
          looked.add(i)
          return undefined
        },
      })
    await expect.poll(() => looked.size, PATIENCE).toBe(10_000)
    expect(looked.has(49)).toBe(false)
  })
})

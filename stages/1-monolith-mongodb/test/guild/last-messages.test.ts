import { setImmediate } from 'node:timers/promises'
import {
  aGuild,
  aMessage,
  type GuildFixture,
  newId,
  testDeadline,
} from '@threshold/conformance/ports'
import {
  CodedError,
  deadlineAfter,
  silentLog,
  silentTracer,
  systemClock,
  unavailable,
} from '@threshold/kit'
import type { GuildHub, HubEvent, MessageStore, MetadataStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { newestOfDirectMessages } from '../../src/guild/last-messages.ts'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { database } from '../adapters/database.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
let metadata: MetadataStore
let messages: MessageStore
beforeAll(async () => {
  mongo = await database(use)
  metadata = await mongoMetadataStore(mongo)
  messages = await mongoMessageStore(mongo)
}, 120_000)
afterAll(() => use.disposeAsync())

type Store = Pick<MessageStore, 'newest'>

/** A hub as after a restart: it has loaded no guild yet. */
const restarted = (store: Store = messages, clock = systemClock, log = silentLog): GuildHub =>
  memoryGuildHub(
    {
      metadata,
      messages: store,
      permissions: typescriptPermissions(),
      memberList: typescriptMemberList,
    },
    { clock, log, telemetry: { tracer: silentTracer } },
  )

const lastOf = async (hub: GuildHub, { id, owner, text }: GuildFixture) =>
  (await hub.view(id, owner.user.id, testDeadline()))?.lastMessages.get(text.id)
const sent = (channelId: string, id = newId()): HubEvent => ({
  v: 1,
  id,
  type: 'MESSAGE_CREATE',
  data: {},
  channelId,
})

async function asleep(): Promise<GuildFixture> {
  const guild = aGuild(1)
  await metadata.createGuild(guild.state, testDeadline())
  return guild
}

it('is known after a restart, to views and to who asks for access, by one question for all channels', async () => {
  const guild = await asleep()
  const [, second] = [aMessage(guild.text.id), aMessage(guild.text.id)]
  await messages.import(
    [second, aMessage(guild.text.id, { id: (BigInt(second.id) - 1n).toString() })],
    testDeadline(),
  )
  const newest = vi.fn(messages.newest)
  await using hub = restarted({ newest })
  for (let i = 0; i < 3; i++) expect(await lastOf(hub, guild)).toBe(second.id)
  expect(
    await hub.access(guild.id, guild.owner.user.id, guild.text.id, testDeadline()),
  ).toMatchObject({
    lastMessageId: second.id,
  })
  expect(newest).toHaveBeenCalledTimes(1)
})

it('follows what is published, and no event but a message, and never goes back', async () => {
  const guild = await asleep()
  await using hub = restarted()
  expect(await lastOf(hub, guild)).toBeUndefined()
  const [older, newer] = [newId(), newId()]
  await hub.publish(guild.id, sent(guild.text.id, newer), testDeadline())
  await hub.publish(guild.id, sent(guild.text.id, older), testDeadline())
  await hub.publish(guild.id, { ...sent(guild.text.id), type: 'TYPING_START' }, testDeadline())
  expect(await lastOf(hub, guild)).toBe(newer)
})

describe('while the store cannot say', () => {
  const down = async (): Promise<never> => {
    throw unavailable('the store')
  }

  it('is unknown, and asked for again by who looks after a pause, however many look before', async () => {
    const guild = await asleep()
    const message = aMessage(guild.text.id)
    await messages.insert(message, testDeadline())
    let now = Date.now()
    const newest = vi.fn<Store['newest']>(down)
    await using hub = restarted({ newest }, { now: () => now })
    for (let i = 0; i < 50; i++) expect(await lastOf(hub, guild)).toBeUndefined()
    expect(newest).toHaveBeenCalledTimes(1)
    now += 60_000
    for (let i = 0; i < 50; i++) await lastOf(hub, guild)
    expect(newest).toHaveBeenCalledTimes(2)
    newest.mockImplementation(messages.newest)
    now += 60_000
    await vi.waitFor(async () => expect(await lastOf(hub, guild)).toBe(message.id), 10_000)
    expect(newest).toHaveBeenCalledTimes(3)
  })

  it('delays no further guild that is loaded, which learns it later', async () => {
    const [first, second] = [await asleep(), await asleep()]
    const message = aMessage(second.text.id)
    await messages.insert(message, testDeadline())
    const healed = Promise.withResolvers<void>()
    const newest = vi.fn<Store['newest']>(down)
    await using hub = restarted({ newest })
    await lastOf(hub, first)
    newest.mockImplementation(async (...args) => {
      await healed.promise
      return messages.newest(...args)
    })
    expect(await lastOf(hub, second)).toBeUndefined()
    healed.resolve()
    await vi.waitFor(async () => expect(await lastOf(hub, second)).toBe(message.id), 10_000)
  })

  it.each([new CodedError('CASSANDRA_REFUSED', 'no such table'), new TypeError('a bug')])(
    'a guild is served and its direct messages are, also where waiting does not help: %s',
    async (error) => {
      const guild = await asleep()
      let now = Date.now()
      const refusing: Store = { newest: () => Promise.reject(error) }
      const warn = vi.fn()
      const log = { ...silentLog, warn }
      await using hub = restarted(refusing, { now: () => now }, log)
      expect(await lastOf(hub, guild)).toBeUndefined()
      now += 60_000
      expect(await lastOf(hub, guild)).toBeUndefined() // in the background: nobody awaits it
      await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2), 10_000)
      expect(warn).toHaveBeenLastCalledWith({ err: error.message }, expect.any(String))
      expect(
        await newestOfDirectMessages(refusing, [newId()], { clock: systemClock, log }),
      ).toEqual(new Map())
    },
  )
})

describe('of direct messages', () => {
  it('is that of the newest channels where the time is too short for all, and no more are asked for', async () => {
    const channels = Array.from({ length: 230 }, () => newId())
    const asked: string[] = []
    const store: Store = {
      newest: async (some) => {
        if (asked.length >= 100) throw unavailable('the store')
        asked.push(...some)
        return new Map(some.map((channel) => [channel, channel]))
      },
    }
    const found = await newestOfDirectMessages(store, channels, {
      clock: systemClock,
      log: silentLog,
    })
    expect(asked).toEqual(channels.toReversed().slice(0, 100))
    expect([...found.keys()]).toEqual(asked)
  })

  it('is asked for a thousand of them at most', async () => {
    const newest = vi.fn<Store['newest']>(async () => new Map())
    await newestOfDirectMessages(
      { newest },
      Array.from({ length: 3_000 }, () => newId()),
      { clock: systemClock, log: silentLog },
    )
    expect(newest.mock.calls.flatMap(([channels]) => channels)).toHaveLength(1_000)
  })
})

it('asks MongoDB for no further channel once nobody waits for the answer', async () => {
  const held = Promise.withResolvers<void>()
  let asked = 0
  const collection = (name: string): object =>
    new Proxy(mongo.db.collection(name), {
      get(target, key) {
        if (key === 'findOne')
          return async () => {
            asked += 1
            await held.promise
            return null
          }
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const slow = await mongoMessageStore({
    ...mongo,
    db: { collection } as unknown as MongoDatabase['db'],
  })
  const channels = Array.from({ length: 100 }, () => newId())
  await expect(slow.newest(channels, deadlineAfter(50))).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  })
  const before = asked
  held.resolve()
  for (let i = 0; i < 100; i++) await setImmediate()
  expect([before > 0, asked]).toEqual([true, before])
})

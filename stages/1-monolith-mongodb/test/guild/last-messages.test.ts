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

/** A hub that has loaded no guild yet, as after a restart. */
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
const messageEvent = (channelId: string, id = newId()): HubEvent => ({
  v: 1,
  id,
  type: 'MESSAGE_CREATE',
  data: {},
  channelId,
})

async function storedGuild(): Promise<GuildFixture> {
  const guild = aGuild(1)
  await metadata.createGuild(guild.state, testDeadline())
  return guild
}

it('the last message is known after a restart to views and access checks, by one request for all channels', async () => {
  const guild = await storedGuild()
  const [, second] = [aMessage(guild.text.id), aMessage(guild.text.id)]
  await messages.import(
    [second, aMessage(guild.text.id, { id: (BigInt(second.id) - 1n).toString() })],
    testDeadline(),
  )
  const newest = vi.fn(messages.newest)
  await using hub = restarted({ newest })
  for (let i = 0; i < 3; i++) expect(await lastOf(hub, guild)).toBe(second.id)
  expect(
    await hub.access(guild.id, [guild.owner.user.id], guild.text.id, testDeadline()),
  ).toMatchObject({
    lastMessageId: second.id,
  })
  expect(newest).toHaveBeenCalledTimes(1)
})

it('the last message follows published messages only, and never goes back', async () => {
  const guild = await storedGuild()
  await using hub = restarted()
  expect(await lastOf(hub, guild)).toBeUndefined()
  const [older, newer] = [newId(), newId()]
  await hub.publish(guild.id, messageEvent(guild.text.id, newer), testDeadline())
  await hub.publish(guild.id, messageEvent(guild.text.id, older), testDeadline())
  await hub.publish(
    guild.id,
    { ...messageEvent(guild.text.id), type: 'TYPING_START' },
    testDeadline(),
  )
  expect(await lastOf(hub, guild)).toBe(newer)
})

describe('the last message while the store is unavailable', () => {
  const down = async (): Promise<never> => {
    throw unavailable('the store')
  }

  it('is unknown, and requested once more by the first reader after a pause', async () => {
    const guild = await storedGuild()
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

  it('does not delay the next guild that is loaded, which learns it later', async () => {
    const [first, second] = [await storedGuild(), await storedGuild()]
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
    'guilds and direct messages are served without it, also after a permanent error: %s',
    async (error) => {
      const guild = await storedGuild()
      let now = Date.now()
      const refusing: Store = { newest: () => Promise.reject(error) }
      const warn = vi.fn()
      const log = { ...silentLog, warn }
      await using hub = restarted(refusing, { now: () => now }, log)
      expect(await lastOf(hub, guild)).toBeUndefined()
      now += 60_000
      expect(await lastOf(hub, guild)).toBeUndefined() // requested in the background
      await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2), 10_000)
      expect(warn).toHaveBeenLastCalledWith({ err: error.message }, expect.any(String))
      expect(
        await newestOfDirectMessages(refusing, [newId()], { clock: systemClock, log }),
      ).toEqual(new Map())
    },
  )
})

describe('the last message of direct messages', () => {
  it('is known for the newest channels if the time is too short for all', async () => {
    const channels = Array.from({ length: 230 }, () => newId())
    const requested: string[] = []
    const store: Store = {
      newest: async (some) => {
        if (requested.length >= 100) throw unavailable('the store')
        requested.push(...some)
        return new Map(some.map((channel) => [channel, channel]))
      },
    }
    const found = await newestOfDirectMessages(store, channels, {
      clock: systemClock,
      log: silentLog,
    })
    expect(requested).toEqual(channels.toReversed().slice(0, 100))
    expect([...found.keys()]).toEqual(requested)
  })

  it('is requested for a thousand channels at most', async () => {
    const newest = vi.fn<Store['newest']>(async () => new Map())
    await newestOfDirectMessages(
      { newest },
      Array.from({ length: 3_000 }, () => newId()),
      { clock: systemClock, log: silentLog },
    )
    expect(newest.mock.calls.flatMap(([channels]) => channels)).toHaveLength(1_000)
  })
})

it('MongoDB is asked for no more channels after the deadline', async () => {
  const held = Promise.withResolvers<void>()
  let requested = 0
  const collection = (name: string): object =>
    new Proxy(mongo.db.collection(name), {
      get(target, key) {
        if (key === 'findOne')
          return async () => {
            requested += 1
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
  const before = requested
  held.resolve()
  for (let i = 0; i < 100; i++) await setImmediate()
  expect([before > 0, requested]).toEqual([true, before])
})

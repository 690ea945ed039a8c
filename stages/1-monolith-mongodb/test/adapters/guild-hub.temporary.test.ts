import { aGuild, aUser, type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import type { User } from '@threshold/domain'
import { silentLog, silentTracer, systemClock, unavailable } from '@threshold/kit'
import type { GuildHub, MetadataStore, Subscription } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { database } from './database.ts'

const use = new AsyncDisposableStack()
let store: MetadataStore
beforeAll(async () => {
  store = await mongoMetadataStore(await database(use))
})
afterAll(() => use.disposeAsync())

const PATIENCE = { timeout: 15_000, interval: 20 }
const NEVER = 600_000
const SOON = 50

const hubWith = (offlineMs: number, unseenMs: number, metadata: MetadataStore = store): GuildHub =>
  memoryGuildHub(
    {
      metadata,
      messages: { newest: async () => new Map() },
      permissions: typescriptPermissions(),
      memberList: typescriptMemberList,
    },
    { clock: systemClock, log: silentLog, telemetry: { tracer: silentTracer } },
    { presenceDelayMs: 5, temporary: { offlineMs, unseenMs } },
  )
const addInvited = async (hub: GuildHub, guild: GuildFixture, temporary = true): Promise<User> => {
  const user = aUser()
  const by = guild.owner.user.id
  const command = {
    type: 'member.add',
    by,
    user,
    nick: null,
    roles: [],
    joinedAt: 0,
    invited: true,
    temporary,
  } as const
  expect(await hub.execute(guild.id, command, testDeadline())).toMatchObject({ ok: true })
  return user
}
const createGuild = async (hub: GuildHub): Promise<GuildFixture> => {
  const guild = aGuild(1)
  await hub.create(guild.state, testDeadline())
  return guild
}
const connect = async (hub: GuildHub, guild: GuildFixture, user: User): Promise<Subscription> => {
  const presence = { status: 'online', activities: [] } as const
  return (await hub.subscribe(
    guild.id,
    { userId: user.id, sessionId: newId(), presence, deliver: () => {} },
    testDeadline(),
  ))!
}
const isMember = async ({ id }: GuildFixture, user: User): Promise<boolean> =>
  (await store.loadGuild(id, testDeadline()))!.members.has(user.id)

describe('a temporary member', () => {
  it('is removed when their last session has ended', async () => {
    await using hub = hubWith(SOON, NEVER)
    const guild = await createGuild(hub)
    const user = await addInvited(hub, guild)
    const sessions = [await connect(hub, guild, user), await connect(hub, guild, user)]
    sessions[0]!.unsubscribe()
    const other = await addInvited(hub, guild)
    ;(await connect(hub, guild, other)).unsubscribe()
    await expect.poll(() => isMember(guild, other), PATIENCE).toBe(false)
    expect(await isMember(guild, user)).toBe(true)
    sessions[1]!.unsubscribe()
    await expect.poll(() => isMember(guild, user), PATIENCE).toBe(false)
  })

  it('stays once they had a role, and a member by a permanent invite stays too', async () => {
    await using hub = hubWith(SOON, NEVER)
    const guild = await createGuild(hub)
    const by = guild.owner.user.id
    const [trusted, permanent, leaving] = [
      await addInvited(hub, guild),
      await addInvited(hub, guild, false),
      await addInvited(hub, guild),
    ]
    const role = {
      id: newId(),
      name: 'role',
      color: 0,
      hoist: false,
      position: 1,
      permissions: '0',
      mentionable: false,
    }
    await hub.execute(guild.id, { type: 'role.create', by, role }, testDeadline())
    for (const has of [true, false])
      await hub.execute(
        guild.id,
        { type: 'member.role', by, userId: trusted.id, roleId: role.id, has },
        testDeadline(),
      )
    for (const user of [trusted, permanent, leaving])
      (await connect(hub, guild, user)).unsubscribe()
    await expect.poll(() => isMember(guild, leaving), PATIENCE).toBe(false)
    expect([await isMember(guild, trusted), await isMember(guild, permanent)]).toEqual([true, true])
  })

  it('is removed after a restart if they do not return, and stays if they do', async () => {
    const before = hubWith(NEVER, NEVER)
    const guild = await createGuild(before)
    const [absent, returning] = [await addInvited(before, guild), await addInvited(before, guild)]
    await before[Symbol.asyncDispose]()
    await using after = hubWith(SOON, 5_000)
    const session = await connect(after, guild, returning)
    await expect.poll(() => isMember(guild, absent), PATIENCE).toBe(false)
    expect(await isMember(guild, returning)).toBe(true)
    session.unsubscribe()
    await expect.poll(() => isMember(guild, returning), PATIENCE).toBe(false)
  })

  it('is removed after a restart even if no request uses the guild', async () => {
    const before = hubWith(NEVER, NEVER)
    const guild = await createGuild(before)
    const user = await addInvited(before, guild)
    await before[Symbol.asyncDispose]()
    await using _after = hubWith(NEVER, SOON)
    await expect.poll(() => isMember(guild, user), PATIENCE).toBe(false)
  })

  it('is removed later if the store is down at first', async () => {
    let failures = 1
    const record: MetadataStore['record'] = async (guild, events, deadline) => {
      if (events.some(({ type }) => type === 'member.removed') && failures-- > 0)
        throw unavailable('MongoDB')
      return store.record(guild, events, deadline)
    }
    await using hub = hubWith(SOON, NEVER, { ...store, record })
    const guild = await createGuild(hub)
    const user = await addInvited(hub, guild)
    ;(await connect(hub, guild, user)).unsubscribe()
    await expect.poll(() => failures, PATIENCE).toBe(0)
    await expect.poll(() => isMember(guild, user), PATIENCE).toBe(false)
  })
})

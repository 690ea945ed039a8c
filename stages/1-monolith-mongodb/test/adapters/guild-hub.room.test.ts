import { aGuild, aRole, type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import { silentLog, silentTracer, systemClock } from '@threshold/kit'
import type { Delivery, GuildHub, MetadataStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { database } from './database.ts'

const use = new AsyncDisposableStack()
let store: MetadataStore
const loads = new Map<string, number>()
beforeAll(async () => {
  const real = await mongoMetadataStore(await database(use))
  const loadGuild: MetadataStore['loadGuild'] = (id, deadline) => {
    loads.set(id, (loads.get(id) ?? 0) + 1)
    return real.loadGuild(id, deadline)
  }
  store = { ...real, loadGuild }
})
afterAll(() => use.disposeAsync())

const hubOfTwo = (): GuildHub =>
  memoryGuildHub(
    {
      metadata: store,
      messages: { newest: async () => new Map() },
      permissions: typescriptPermissions(),
      memberList: typescriptMemberList,
    },
    { clock: systemClock, log: silentLog, telemetry: { tracer: silentTracer } },
    { presenceDelayMs: 5, idleGuilds: 2 },
  )
async function asleep(): Promise<GuildFixture> {
  const guild = aGuild(1)
  await store.createGuild(guild.state, testDeadline())
  return guild
}
const look = (hub: GuildHub, { id, owner }: GuildFixture) =>
  hub.view(id, owner.user.id, testDeadline())

describe('a hub with room for two idle guilds', () => {
  it('drops the one that was asked for longest ago, and loads it again when it is', async () => {
    await using hub = hubOfTwo()
    const [a, b, c] = [await asleep(), await asleep(), await asleep()]
    for (const guild of [a, b, a, c]) await look(hub, guild)
    expect([a, b, c].map(({ id }) => loads.get(id))).toEqual([1, 1, 1])
    for (const guild of [a, c, b]) await look(hub, guild)
    expect([a, b, c].map(({ id }) => loads.get(id))).toEqual([1, 2, 1])
  })

  it('drops none that somebody listens to, or in which something is under way', async () => {
    await using hub = hubOfTwo()
    const [heard, busy] = [await asleep(), await asleep()]
    const told: Delivery[] = []
    const subscriber = {
      userId: heard.owner.user.id,
      sessionId: newId(),
      presence: { status: 'online', activities: [] } as const,
    }
    await hub.subscribe(
      heard.id,
      { ...subscriber, deliver: (delivery) => void told.push(delivery) },
      testDeadline(),
    )
    await look(hub, busy)
    const role = aRole()
    const executing = hub.execute(
      busy.id,
      { type: 'role.create', by: busy.owner.user.id, role },
      testDeadline(),
    )
    for (let i = 0; i < 4; i++) await look(hub, await asleep())
    await executing
    const event = { v: 1, id: newId(), type: 'TYPING_START', data: {} } as const
    await hub.publish(heard.id, event, testDeadline())
    expect(
      told.some((delivery) => delivery.kind === 'event' && delivery.event.id === event.id),
    ).toBe(true)
    expect(loads.get(heard.id)).toBe(1)
    expect((await look(hub, busy))?.roles.map(({ id }) => id)).toContain(role.id)
  })

  it('gives a guild that comes back a new epoch: no place in its log is ever used twice', async () => {
    await using hub = hubOfTwo()
    const guild = await asleep()
    const say = () =>
      hub.publish(guild.id, { v: 1, id: newId(), type: 'TYPING_START', data: {} }, testDeadline())
    const before = [await say(), await say()]
    for (let i = 0; i < 3; i++) await look(hub, await asleep())
    const after = await say()
    expect(before.map(({ sequence }) => sequence)).toEqual([1, 2])
    expect(after.sequence).toBe(1)
    expect(after.epoch).toBeGreaterThan(before[1]!.epoch)
  })
})

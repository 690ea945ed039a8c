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

const hubForTwo = (): GuildHub =>
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
async function storedGuild(): Promise<GuildFixture> {
  const guild = aGuild(1)
  await store.createGuild(guild.state, testDeadline())
  return guild
}
const view = (hub: GuildHub, { id, owner }: GuildFixture) =>
  hub.view(id, owner.user.id, testDeadline())

describe('a hub that keeps two idle guilds', () => {
  it('evicts the one that was unused for longest, and loads it again on demand', async () => {
    await using hub = hubForTwo()
    const [a, b, c] = [await storedGuild(), await storedGuild(), await storedGuild()]
    for (const guild of [a, b, a, c]) await view(hub, guild)
    expect([a, b, c].map(({ id }) => loads.get(id))).toEqual([1, 1, 1])
    for (const guild of [a, c, b]) await view(hub, guild)
    expect([a, b, c].map(({ id }) => loads.get(id))).toEqual([1, 2, 1])
  })

  it('does not evict a guild with subscribers or with a command in progress', async () => {
    await using hub = hubForTwo()
    const [subscribed, busy] = [await storedGuild(), await storedGuild()]
    const deliveries: Delivery[] = []
    const subscriber = {
      userId: subscribed.owner.user.id,
      sessionId: newId(),
      presence: { status: 'online', activities: [] } as const,
    }
    await hub.subscribe(
      subscribed.id,
      { ...subscriber, deliver: (delivery) => void deliveries.push(delivery) },
      testDeadline(),
    )
    await view(hub, busy)
    const role = aRole()
    const executing = hub.execute(
      busy.id,
      { type: 'role.create', by: busy.owner.user.id, role },
      testDeadline(),
    )
    for (let i = 0; i < 4; i++) await view(hub, await storedGuild())
    await executing
    const event = { v: 1, id: newId(), type: 'TYPING_START', data: {} } as const
    await hub.publish(subscribed.id, event, testDeadline())
    expect(
      deliveries.some((delivery) => delivery.kind === 'event' && delivery.event.id === event.id),
    ).toBe(true)
    expect(loads.get(subscribed.id)).toBe(1)
    expect((await view(hub, busy))?.roles.map(({ id }) => id)).toContain(role.id)
  })

  it('gives a reloaded guild a new epoch, so that no log position is used twice', async () => {
    await using hub = hubForTwo()
    const guild = await storedGuild()
    const publish = () =>
      hub.publish(guild.id, { v: 1, id: newId(), type: 'TYPING_START', data: {} }, testDeadline())
    const before = [await publish(), await publish()]
    for (let i = 0; i < 3; i++) await view(hub, await storedGuild())
    const after = await publish()
    expect(before.map(({ sequence }) => sequence)).toEqual([1, 2])
    expect(after.sequence).toBe(1)
    expect(after.epoch).toBeGreaterThan(before[1]!.epoch)
  })
})

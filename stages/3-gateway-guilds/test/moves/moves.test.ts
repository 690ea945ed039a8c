import { describe, expect, it } from 'vitest'
import { isBefore } from '../../src/actors/records.ts'
import { partitionOf } from '../../src/nats/partitions.ts'
import {
  createGuild,
  listen,
  publishing,
  type Received,
  type RunningHost,
  startCluster,
} from './cluster.ts'

const WAIT = { timeout: 30_000, interval: 10 }

/** Each acknowledged message once, in the order of the log, and nothing else. */
function expectComplete(received: readonly Received[], acknowledged: readonly Received[]): void {
  expect(received.map(({ id }) => id)).toEqual(acknowledged.map(({ id }) => id))
  for (const [i, { position }] of received.entries())
    if (i > 0) expect(isBefore(received[i - 1]!.position, position)).toBe(true)
}

/** Two hosts that share all partitions, two gateways, and a guild with a session of each member. */
async function setUp(use: AsyncDisposableStack) {
  const cluster = await startCluster(use)
  const hosts: RunningHost[] = [await cluster.startHost(), await cluster.startHost()]
  const owned = () => hosts.flatMap(({ host }) => host.owned())
  await expect.poll(() => [owned().length, new Set(owned()).size], WAIT).toEqual([64, 64])
  const [gateway, api] = [await cluster.startGateway(), await cluster.startGateway()]
  const guild = await createGuild(api)
  const users = [...guild.state.members.keys()]
  const sessions = await Promise.all(users.map((user) => listen(gateway, guild, user)))
  const partition = partitionOf(guild.id)
  const ownerOf = () => hosts.find(({ host }) => host.owned().includes(partition))
  return { api, guild, sessions, ownerOf }
}

describe('a guild whose owner changes', { timeout: 120_000 }, () => {
  it('loses and doubles nothing when its host hands it over, and is silent only shortly', async () => {
    await using use = new AsyncDisposableStack()
    const { api, guild, sessions, ownerOf } = await setUp(use)
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    const views = sessions.map((session) => session.views())
    await former.host.drain()
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const acknowledged = await load.stop()
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
    expect(sessions.map((session) => session.views())).toEqual(views)
  })

  it('loses and doubles nothing when its host is cut off, and that host never comes back', async () => {
    await using use = new AsyncDisposableStack()
    const { api, guild, sessions, ownerOf } = await setUp(use)
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    const views = sessions.map((session) => session.views())
    former.cut()
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const acknowledged = await load.stop()
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
    expect(sessions.map((session) => session.views())).toEqual(views)
    expect(former.host.ended.aborted).toBe(true)
    former.heal()
    await expect.poll(() => ownerOf() !== former, WAIT).toBe(true)
    expect(former.host.owned()).toEqual([])
  })
})

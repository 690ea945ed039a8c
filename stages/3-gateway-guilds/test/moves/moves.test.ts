import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBefore } from '../../src/actors/records.ts'
import { partitionOf } from '../../src/nats/partitions.ts'
import {
  type Cluster,
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

describe('a guild whose owner changes', { timeout: 120_000 }, () => {
  const use = new AsyncDisposableStack()
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster(use)
  }, 120_000)
  afterAll(() => use.disposeAsync(), 60_000)

  async function setUp() {
    const hosts: RunningHost[] = [await cluster.startHost(), await cluster.startHost()]
    const [gateway, api] = [await cluster.startGateway(), await cluster.startGateway()]
    const guild = await createGuild(api)
    const users = [...guild.state.members.keys()]
    const sessions = await Promise.all(users.map((user) => listen(gateway, guild, user)))
    const partition = partitionOf(guild.id)
    const ownerOf = () => hosts.find(({ host }) => host.owned().includes(partition))
    return { hosts, gateway, api, guild, sessions, ownerOf }
  }

  it('loses and doubles nothing when its host hands it over, and is silent only shortly', async () => {
    const { api, guild, sessions, ownerOf } = await setUp()
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    // The hosts may still have shared the partitions while the sessions subscribed.
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
    const { api, guild, sessions, ownerOf } = await setUp()
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    // The hosts may still have shared the partitions while the sessions subscribed.
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

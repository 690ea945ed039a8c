import { expect } from 'vitest'
import { isBefore } from '../../src/actors/records.ts'
import { partitionOf } from '../../src/nats/partitions.ts'
import { createGuild, listen, type Received, type RunningHost, startCluster } from './cluster.ts'

export const WAIT = { timeout: 30_000, interval: 10 }

/** Each acknowledged message once, in the order of the log, and nothing else. */
export function expectComplete(
  received: readonly Received[],
  acknowledged: readonly Received[],
): void {
  expect(received.map(({ id }) => id)).toEqual(acknowledged.map(({ id }) => id))
  for (const [i, { position }] of received.entries())
    if (i > 0) expect(isBefore(received[i - 1]!.position, position)).toBe(true)
}

/** Two hosts that share all partitions, two gateways, and a guild. Each member but `guest` has a session. */
export async function setUp(use: AsyncDisposableStack) {
  const cluster = await startCluster(use)
  const hosts: RunningHost[] = [await cluster.startHost(), await cluster.startHost()]
  const owned = () => hosts.flatMap(({ host }) => host.owned())
  await expect.poll(() => [owned().length, new Set(owned()).size], WAIT).toEqual([64, 64])
  const [gateway, api] = [await cluster.startGateway(), await cluster.startGateway()]
  const guild = await createGuild(api)
  const users = [...guild.state.members.keys()]
  const [guest = '', ...others] = users.toReversed()
  const sessions = await Promise.all(others.map((user) => listen(gateway, guild, user)))
  const partition = partitionOf(guild.id)
  const ownerOf = () => hosts.find(({ host }) => host.owned().includes(partition))
  return { cluster, gateway, api, guild, sessions, guest, ownerOf }
}

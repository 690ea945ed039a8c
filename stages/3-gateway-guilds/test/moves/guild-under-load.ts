import { expect } from 'vitest'
import { isBefore } from '../../src/actors/records.ts'
import { partitionOf } from '../../src/nats/partitions.ts'
import {
  createGuild,
  listen,
  publishing,
  type Received,
  type RunningHost,
  type Session,
  startCluster,
  untilBalanced,
  WAIT,
} from './cluster.ts'

/** Each acknowledged message once, in the order of the log, and nothing else. */
export function expectComplete(
  received: readonly Received[],
  acknowledged: readonly Received[],
): void {
  expect(received.map(({ id }) => id)).toEqual(acknowledged.map(({ id }) => id))
  for (const [i, { position }] of received.entries())
    if (i > 0) expect(isBefore(received[i - 1]!.position, position)).toBe(true)
}

/** The newest status and voice channel of a user that the session has received. */
export function seenBy(observer: Session, userId: string) {
  const all = observer.deliveries.flatMap((delivery) =>
    delivery.kind === 'event' ? [delivery.event] : [],
  )
  const dataOf = (type: string, user: (data: never) => string) =>
    all.findLast((event) => event.type === type && user(event.data as never) === userId)?.data
  const presence = dataOf('PRESENCE_UPDATE', ({ user }: { user: { id: string } }) => user.id)
  const voice = dataOf('VOICE_STATE_UPDATE', ({ user_id }: { user_id: string }) => user_id)
  return [
    (presence as { status: string } | undefined)?.status,
    (voice as { channel_id: string | null } | undefined)?.channel_id,
  ]
}

/**
 * Two hosts that share all partitions, two gateways, and a guild. Each member but `guest` has a
 * session.
 */
export async function setUp(
  use: AsyncDisposableStack,
  { members = 3, presenceDelayMs }: { members?: number; presenceDelayMs?: number } = {},
) {
  const cluster = await startCluster(use, { presenceDelayMs })
  const hosts: RunningHost[] = [await cluster.startHost(), await cluster.startHost()]
  const owned = () => hosts.flatMap(({ host }) => host.owned())
  await untilBalanced(hosts)
  const running = await cluster.startGateway()
  const gateway = running.hub
  const { hub: api } = await cluster.startGateway()
  const guild = await createGuild(api, members)
  const users = [...guild.state.members.keys()]
  const [guest = '', ...others] = users.toReversed()
  const sessions = await Promise.all(others.map((user) => listen(gateway, guild, user)))
  const partition = partitionOf(guild.id)
  const ownerOf = () => hosts.find(({ host }) => host.owned().includes(partition))
  return {
    cluster,
    store: cluster.store,
    gateway,
    cut: running.cut,
    heal: running.heal,
    api,
    guild,
    sessions,
    guest,
    owned,
    ownerOf,
  }
}

/** `setUp`, with an api that publishes to the guild one message after the other. */
export async function underLoad(use: AsyncDisposableStack, members?: number) {
  const started = await setUp(use, { members })
  const { api, guild, sessions, ownerOf } = started
  const load = publishing(api, guild)
  await load.untilMore(50)
  const views = sessions.map((session) => session.views())
  return {
    ...started,
    load,
    former: ownerOf()!,
    /** Ends the load. No session has got the guild anew. */
    async expectAllReceived(): Promise<void> {
      const acknowledged = await load.stop()
      for (const session of sessions) {
        await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
        expectComplete(session.messages(), acknowledged)
      }
      expect(sessions.map((session) => session.views())).toEqual(views)
    },
  }
}

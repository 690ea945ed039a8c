import { testDeadline } from '@threshold/conformance/ports'
import { expect, it } from 'vitest'
import { partitionOf } from '../../src/nats/partitions.ts'
import { createGuild, listen, startCluster, untilBalanced, WAIT } from './cluster.ts'
import { seenBy } from './guild-under-load.ts'

it('shows nobody online or in a call whose gateway and guild host died together', async () => {
  await using use = new AsyncDisposableStack()
  const cluster = await startCluster(use)
  const hosts = [await cluster.startHost(), await cluster.startHost()]
  await untilBalanced(hosts)
  const dying = await cluster.startGateway()
  const { hub } = await cluster.startGateway()
  const { hub: otherHub } = await cluster.startGateway()
  const guild = await createGuild(hub, 4)
  const [first = '', second = '', third = '', fourth = ''] = [...guild.state.members.keys()]
  const observer = await listen(hub, guild, first)
  // Each surviving gateway tells the next owner of the ghosts, which are published once.
  const otherObserver = await listen(otherHub, guild, fourth)
  const leaver = await listen(dying.hub, guild, second)
  // The third user has a second session, on the gateway that survives.
  await listen(dying.hub, guild, third)
  const phone = await listen(hub, guild, third)
  phone.subscription.setPresence({ status: 'idle', activities: [] })
  const call = {
    channelId: guild.voice.id,
    sessionId: leaver.sessionId,
    selfMute: false,
    selfDeaf: false,
  }
  expect(await leaver.subscription.setVoiceState(call, testDeadline())).toBe('moved')
  await expect
    .poll(() => [seenBy(observer, second), seenBy(observer, third)], WAIT)
    .toEqual([
      ['online', guild.voice.id],
      ['online', undefined],
    ])

  const owner = hosts.find(({ host }) => host.owned().includes(partitionOf(guild.id)))!
  dying.cut()
  owner.cut()

  for (const each of [observer, otherObserver])
    await expect
      .poll(() => [seenBy(each, second), seenBy(each, third)], WAIT)
      .toEqual([
        ['offline', null],
        ['idle', undefined],
      ])
  // The next owner tells new sessions the same.
  const late = await listen(hub, guild, [...guild.state.members.keys()][4]!)
  const view = late.deliveries.find((delivery) => delivery.kind === 'view')
  expect(view?.presences.get(second)).toBeUndefined()
  expect(view?.presences.get(third)?.status).toBe('idle')
  const channels = observer.deliveries.flatMap((delivery) =>
    delivery.kind === 'event' && delivery.event.type === 'VOICE_STATE_UPDATE'
      ? [(delivery.event.data as { channel_id: string | null }).channel_id]
      : [],
  )
  expect(channels).toEqual([guild.voice.id, null])
}, 400_000)

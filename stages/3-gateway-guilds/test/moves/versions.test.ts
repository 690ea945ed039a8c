import { testDeadline } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import { PARTITIONS } from '../../src/nats/partitions.ts'
import { createGuild, listen, publishing, startCluster, WAIT } from './cluster.ts'
import { expectComplete } from './guild-under-load.ts'

/**
 * Three releases in a row: the second accepts a new version of the messages, the third sends it.
 */
const RELEASES = {
  first: { sends: 1, accepts: [1] },
  second: { sends: 1, accepts: [1, 2] },
  third: { sends: 2, accepts: [1, 2] },
} as const
const calm = () => 0

describe('roles of two releases', { timeout: 400_000 }, () => {
  it.each([
    ['first', 'second'],
    ['second', 'first'],
    ['second', 'third'],
    ['third', 'second'],
  ] as const)('run side by side: hosts of the %s, gateways of the %s', async (hosts, gateways) => {
    await using use = new AsyncDisposableStack()
    const cluster = await startCluster(use)
    const { host } = await cluster.startHost(calm, RELEASES[hosts])
    const { host: newer } = await cluster.startHost(calm, RELEASES[gateways])
    await expect.poll(() => host.owned().length + newer.owned().length, WAIT).toBe(PARTITIONS)
    const { hub } = await cluster.startGateway(RELEASES[gateways])
    const guild = await createGuild(hub)
    const session = await listen(hub, guild, guild.owner.user.id)
    const load = publishing(hub, guild)
    await load.untilMore(20)
    // The guild moves to a host of the other release, or stays.
    await host[Symbol.asyncDispose]()
    await load.untilMore(20)
    const acknowledged = await load.stop()
    await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
    expectComplete(session.messages(), acknowledged)
  })

  it('of which a third lies between refuse each other by name', async () => {
    await using use = new AsyncDisposableStack()
    const cluster = await startCluster(use)
    const { host } = await cluster.startHost(calm, RELEASES.first)
    await expect.poll(() => host.owned().length, WAIT).toBe(PARTITIONS)
    const { hub } = await cluster.startGateway(RELEASES.third)
    const answer = hub.view('1', '1', testDeadline())
    await expect(answer).rejects.toMatchObject({
      code: expect.stringMatching(/BAD_MESSAGE|UNAVAILABLE/),
    })
  })
})

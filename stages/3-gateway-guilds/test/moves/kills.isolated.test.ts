import { setTimeout as delay } from 'node:timers/promises'
import { iterations } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { PARTITIONS } from '../../src/nats/partitions.ts'
import { createGuild, listen, publishing, startCluster, WAIT } from './cluster.ts'
import { expectComplete } from './guild-under-load.ts'
import { type HostProcess, startHostProcess } from './host-processes.ts'

const KILLS = iterations(3, 20)
const GUILDS = 6
/** A host is killed within this time after the load has recovered from the kill before. */
const WITHIN_MS = 400

/** Two hosts that share all partitions, and guilds with a session and a load each. */
async function underLoad(use: AsyncDisposableStack) {
  const cluster = await startCluster(use)
  const startHost = () => startHostProcess(use, cluster)
  const hosts = [startHost(), startHost()]
  const owned = () => hosts.flatMap((host) => host.owned())
  const untilAllOwned = () =>
    expect
      .poll(() => [owned().length, new Set(owned()).size], WAIT)
      .toEqual([PARTITIONS, PARTITIONS])
  await untilAllOwned()
  const { hub: gateway } = await cluster.startGateway()
  const { hub: api } = await cluster.startGateway()
  const guilds = await Promise.all(Array.from({ length: GUILDS }, () => createGuild(api)))
  const pairs = await Promise.all(
    guilds.map(async (guild) => ({
      session: await listen(gateway, guild, guild.owner.user.id),
      load: publishing(api, guild),
    })),
  )
  return {
    hosts,
    startHost,
    untilAllOwned,
    untilAllMore: (count: number) => Promise.all(pairs.map(({ load }) => load.untilMore(count))),
    async expectAllReceived() {
      for (const { session, load } of pairs) {
        const acknowledged = await load.stop()
        await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
        expectComplete(session.messages(), acknowledged)
        expect(session.views()).toBe(1)
      }
    },
  }
}

describe('guild hosts in processes of their own, under load', { timeout: 600_000 }, () => {
  it(`lose, double and reorder nothing in ${KILLS} kills at random moments`, async () => {
    await using use = new AsyncDisposableStack()
    const { hosts, startHost, untilAllMore, expectAllReceived } = await underLoad(use)
    for (let kills = 0; kills < KILLS; kills++) {
      await untilAllMore(20)
      await delay(Math.random() * WITHIN_MS)
      const [killed] = hosts.splice(Math.random() < 0.5 ? 0 : 1, 1)
      killed!.signal('SIGKILL')
      hosts.push(startHost())
    }
    await untilAllMore(20)
    await expectAllReceived()
  })

  it('lose nothing if one is paused beyond its lease in the middle of its work', async () => {
    await using use = new AsyncDisposableStack()
    const { hosts, untilAllOwned, untilAllMore, expectAllReceived } = await underLoad(use)
    const [paused, other] = hosts as [HostProcess, HostProcess]
    await untilAllMore(20)
    paused.signal('SIGSTOP')
    await expect.poll(() => other.owned().length, WAIT).toBe(PARTITIONS)
    await untilAllMore(20)
    paused.signal('SIGCONT')
    await untilAllOwned()
    await untilAllMore(20)
    await expectAllReceived()
  })
})

import { setImmediate } from 'node:timers/promises'
import { aGuild, type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import { deadlineAfter } from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import { partitionOf } from '../../src/nats/partitions.ts'
import { listen, publishing, startCluster, WAIT } from './cluster.ts'
import { expectComplete } from './guild-under-load.ts'
import { type HostProcess, startHostProcess } from './host-processes.ts'

interface Trigger {
  readonly api: GuildHub
  readonly guild: GuildFixture
}

/** Renames a channel. Two bugs in the code for channel names are triggered by a name alone. */
const renameTo =
  (name: string) =>
  ({ api, guild: { id, text, owner } }: Trigger): Promise<unknown> => {
    const command = {
      type: 'channel.edit',
      by: owner.user.id,
      channelId: text.id,
      patch: { name },
    } as const
    return api.execute(id, command, testDeadline())
  }

describe('a host whose event loop is lost', { timeout: 400_000 }, () => {
  it.each([
    {
      name: 'a loop over two hyphens',
      reason: 'an endless loop',
      maxMemoryMb: 4_096,
      trigger: renameTo('rules\u2011\u2011and\u2011faq'),
    },
    {
      name: 'a list that grows by a character for private use',
      reason: 'an endless loop',
      maxMemoryMb: 4_096,
      trigger: renameTo('made on a \uF8FF'),
    },
    {
      name: 'a leak',
      reason: 'a leak',
      maxMemoryMb: 500,
      trigger: ({ api, guild }: Trigger) =>
        api.members(guild.id, { prefix: 'leaking', limit: 1 }, testDeadline()),
    },
  ])('because of $name, is ended, and the guild is quarantined', async (fault) => {
    await using use = new AsyncDisposableStack()
    const cluster = await startCluster(use)
    // Both in processes of their own: the loops are in the code of every host.
    const child = startHostProcess(use, cluster, fault.maxMemoryMb)
    const host = startHostProcess(use, cluster, fault.maxMemoryMb)
    await vi.waitFor(() => {
      expect(child.owned().length + host.owned().length).toBe(64)
      expect(child.owned().length).toBeGreaterThan(0)
      expect(host.owned().length).toBeGreaterThan(0)
    }, WAIT)
    const { hub: gateway } = await cluster.startGateway()
    const { hub: api } = await cluster.startGateway()
    /** A guild that the process owns. */
    const createThere = async () => {
      const guild = await vi.waitFor(() => {
        const candidate = aGuild()
        expect(child.owned()).toContain(partitionOf(candidate.id))
        return candidate
      }, WAIT)
      await api.create(guild.state, testDeadline())
      return guild
    }
    const neighbour = await createThere()
    const session = await listen(gateway, neighbour, neighbour.owner.user.id)
    // A busy machine needs a while to find out, and to take over.
    const load = publishing(api, neighbour, () => deadlineAfter(WAIT.timeout))
    const culprit = await createThere()
    await listen(gateway, culprit, culprit.owner.user.id)
    const id = newId()
    const event = {
      v: 1,
      id,
      type: 'MESSAGE_CREATE',
      data: { id },
      channelId: culprit.text.id,
    } as const
    const publish = () => api.publish(culprit.id, event, testDeadline())
    // The guild may have moved to the other host: a busy one gives partitions away.
    const exited = Promise.race([child, host].map((each) => each.exited.then(() => each)))
    let ended: HostProcess | undefined
    while (!ended) {
      const triggered = fault.trigger({ api, guild: culprit }).then(
        () => undefined,
        () => setImmediate(undefined),
      )
      ended = await Promise.race([exited, triggered])
    }
    expect(await ended.exited).toEqual([null, 'SIGKILL'])
    const survivor = ended === child ? host : child
    await expect.poll(() => cluster.reasonFor(culprit.id), WAIT).toContain(fault.reason)
    await expect.poll(() => survivor.owned().length, WAIT).toBe(64)
    await expect(publish()).rejects.toMatchObject({
      message: expect.stringContaining('quarantined'),
    })
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const acknowledged = await load.stop()
    // The process that is ended has read requests that it will not answer.
    expect(load.expired()).toBe(0)
    await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
    expectComplete(session.messages(), acknowledged)
    // The name that triggered the bug was not stored.
    await cluster.release(culprit.id)
    await expect.poll(() => publish().catch(() => undefined), WAIT).toBeDefined()
  })
})

import { type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import { hasCode } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import { createGuild, listen, publishing, WAIT } from './cluster.ts'
import { expectComplete, setUp } from './guild-under-load.ts'

function aMessage({ text }: GuildFixture): HubEvent {
  const id = newId()
  return { v: 1, id, type: 'MESSAGE_CREATE', data: { id }, channelId: text.id }
}

describe('a guild whose own code throws', { timeout: 400_000 }, () => {
  it('is loaded again, its sessions miss nothing, and other guilds do not notice', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, gateway, api, guild, sessions, guest, ownerOf } = await setUp(use)
    const neighbour = await createGuild(api)
    const bystander = await listen(gateway, neighbour, neighbour.owner.user.id)
    const load = publishing(api, guild)
    const calm = publishing(api, neighbour)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const owner = ownerOf()
    const views = sessions.map((session) => session.views())
    cluster.failures.set(guild.id, 1)
    // The permissions of a user are computed when the user's first session subscribes.
    await expect(listen(gateway, guild, guest)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const [acknowledged, others] = [await load.stop(), await calm.stop()]
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
    expect(sessions.map((session) => session.views())).toEqual(views)
    await expect.poll(() => bystander.messages().length, WAIT).toBe(others.length)
    expectComplete(bystander.messages(), others)
    expect(ownerOf()).toBe(owner)
  })

  it('is quarantined after three failures in ten seconds, until it is released', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, api, guild, sessions } = await setUp(use)
    const neighbour = await createGuild(api)
    const publish = (to: GuildFixture) => api.publish(to.id, aMessage(to), testDeadline())
    cluster.failures.set(guild.id, 3)
    const refusals: unknown[] = []
    while (refusals.length < 4) refusals.push(await publish(guild).catch((error: unknown) => error))
    expect(refusals.every((error) => hasCode(error, 'UNAVAILABLE'))).toBe(true)
    expect(refusals.at(-1)).toMatchObject({
      message: expect.stringContaining('quarantined'),
      retryAfterMs: 30_000,
    })
    expect(cluster.failures.get(guild.id)).toBe(0)
    await publish(neighbour)
    await cluster.release(guild.id)
    await vi.waitFor(() => publish(guild), WAIT)
    for (const session of sessions) await expect.poll(() => session.messages().length, WAIT).toBe(1)
  })

  it('in a timer, because of a presence, is quarantined, and other guilds do not notice', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, gateway, api, guild, sessions, owned } = await setUp(use)
    const neighbour = await createGuild(api)
    const bystander = await listen(gateway, neighbour, neighbour.owner.user.id)
    const calm = publishing(api, neighbour)
    const stream = { name: 'a stream', type: 1, url: 'https://www.twitch.tv/100%' }
    sessions[0]!.subscription.setPresence({ status: 'online', activities: [stream] })
    await expect.poll(() => cluster.reasonFor(guild.id), WAIT).toContain('URI malformed')
    await expect(api.publish(guild.id, aMessage(guild), testDeadline())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: 30_000,
    })
    await calm.untilMore(50)
    const others = await calm.stop()
    await expect.poll(() => bystander.messages().length, WAIT).toBe(others.length)
    expectComplete(bystander.messages(), others)
    expect(owned().length).toBe(64)
    sessions[0]!.subscription.setPresence({ status: 'online', activities: [] })
    await cluster.release(guild.id)
    await vi.waitFor(() => api.publish(guild.id, aMessage(guild), testDeadline()), WAIT)
    for (const session of sessions) await expect.poll(() => session.messages().length, WAIT).toBe(1)
  })
})

import { aChannel, newId, testDeadline } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import type { Delivery } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { isBefore } from '../../src/actors/records.ts'
import { PARTITIONS, partitionOf } from '../../src/nats/partitions.ts'
import {
  createGuild,
  listen,
  publishing,
  type Session,
  startCluster,
  untilBalanced,
  WAIT,
} from './cluster.ts'
import { expectComplete, seenBy, setUp, underLoad } from './guild-under-load.ts'

describe('a guild whose owner changes', { timeout: 400_000 }, () => {
  it.each([
    { name: '', members: 3 },
    { name: ', with more sessions than a request carries', members: 250 },
  ])('loses and doubles nothing when its host hands it over$name', async ({ members }) => {
    await using use = new AsyncDisposableStack()
    const { load, former, ownerOf, expectAllReceived } = await underLoad(use, members)
    await former.host[Symbol.asyncDispose]()
    await load.untilMore(50)
    expect(ownerOf()).not.toBe(former)
    await expectAllReceived()
  })

  it('loses and doubles nothing when its host is cut off, and that host begins anew', async () => {
    await using use = new AsyncDisposableStack()
    const { load, former, ownerOf, expectAllReceived } = await underLoad(use)
    former.cut()
    await load.untilMore(50)
    expect(ownerOf()).not.toBe(former)
    expect(former.host.owned()).toEqual([])
    former.heal()
    await expect.poll(() => ownerOf() === former, WAIT).toBe(true)
    await load.untilMore(50)
    await expectAllReceived()
  })
})

describe('a session that ends', { timeout: 400_000 }, () => {
  it.each([
    { when: 'while its guild has no owner', presenceDelayMs: 20, cutFirst: true },
    { when: 'just before its host is cut off', presenceDelayMs: 1_000, cutFirst: false },
  ])('$when is seen offline by the others, and leaves its call', async (given) => {
    const { presenceDelayMs, cutFirst } = given
    await using use = new AsyncDisposableStack()
    const { gateway, guild, sessions, ownerOf } = await setUp(use, { presenceDelayMs })
    const [observer, leaver] = sessions as [Session, Session]
    const call = {
      channelId: guild.voice.id,
      sessionId: leaver.sessionId,
      selfMute: false,
      selfDeaf: false,
    }
    expect(await leaver.subscription.setVoiceState(call, testDeadline())).toBe('moved')
    const seen = () => seenBy(observer, leaver.userId)
    await expect.poll(seen, WAIT).toEqual(['online', guild.voice.id])
    const owner = ownerOf()!
    if (cutFirst) owner.cut()
    leaver.subscription.unsubscribe()
    if (!cutFirst) {
      // The owner has the request before this one, and publishes the presence later.
      await gateway.view(guild.id, leaver.userId, testDeadline())
      owner.cut()
    }
    await expect.poll(seen, WAIT).toEqual(['offline', null])
  })
})

describe('a presence that changes while a new owner loads the guild', { timeout: 400_000 }, () => {
  it('is seen by the others', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, gateway, api, guild, sessions, ownerOf } = await setUp(use)
    const [, changer] = sessions as [Session, Session]
    const status = async () =>
      (await api.presences(guild.id, [changer.userId], testDeadline())).get(changer.userId)?.status
    await expect.poll(status, WAIT).toBe('online')
    const unknownNeighbor = String(BigInt(guild.id) + (BigInt(PARTITIONS) << 22n))
    const changed = Promise.withResolvers<void>()
    cluster.onLoad.before = async (id) => {
      if (id !== guild.id) return
      delete cluster.onLoad.before
      changer.subscription.setPresence({ status: 'dnd', activities: [] })
      // The owner has the request before this one.
      await gateway.view(unknownNeighbor, changer.userId, testDeadline())
      changed.resolve()
    }
    ownerOf()!.cut()
    await changed.promise
    await expect.poll(status, WAIT).toBe('dnd')
  })
})

describe('a host that is busy with one guild', { timeout: 400_000 }, () => {
  it('keeps it and gives most of the others away, until it is calm again', async () => {
    await using use = new AsyncDisposableStack()
    const cluster = await startCluster(use)
    let busy = 0
    const hosts = [await cluster.startHost(() => busy), await cluster.startHost()] as const
    await untilBalanced(hosts)
    const [{ host }, { host: other }] = hosts
    const { hub } = await cluster.startGateway()
    let guild = await createGuild(hub)
    while (!host.owned().includes(partitionOf(guild.id))) guild = await createGuild(hub)
    await listen(hub, guild, guild.owner.user.id)
    const load = publishing(hub, guild)
    busy = 1
    await expect.poll(() => other.owned().length, WAIT).toBeGreaterThan(PARTITIONS * 0.75)
    expect(host.owned()).toContain(partitionOf(guild.id))
    busy = 0
    await expect.poll(() => host.owned().length, WAIT).toBeGreaterThan(PARTITIONS * 0.25)
    await load.stop()
  })
})

describe('a gateway that is cut off for longer than its lease', { timeout: 400_000 }, () => {
  it('loses and doubles nothing for its sessions', async () => {
    await using use = new AsyncDisposableStack()
    const { cut, heal, load, guild, api, expectAllReceived } = await underLoad(use)
    const presence = () => api.presences(guild.id, [guild.owner.user.id], testDeadline())
    await expect.poll(async () => (await presence()).size, WAIT).toBe(1)
    cut()
    await expect.poll(async () => (await presence()).size, WAIT).toBe(0)
    await load.untilMore(50)
    heal()
    await expect.poll(async () => (await presence()).size, WAIT).toBe(1)
    await load.untilMore(50)
    await expectAllReceived()
  })
})

describe('a gateway that misses events', { timeout: 400_000 }, () => {
  it('never gets those that its users may not see, and gets the guild as it is now', async () => {
    await using use = new AsyncDisposableStack()
    const { cut, heal, guild, api, sessions } = await setUp(use)
    const owner = guild.owner.user.id
    const presence = () => api.presences(guild.id, [owner], testDeadline())
    await expect.poll(async () => (await presence()).size, WAIT).toBe(1)
    cut()
    await expect.poll(async () => (await presence()).size, WAIT).toBe(0)
    const overwrite = { id: guild.id, type: 0, allow: '0', deny: String(Permission.ViewChannel) }
    const hidden = aChannel(guild.id, { name: 'hidden', overwrites: [overwrite] } as never)
    const command = { type: 'channel.create', by: owner, channel: hidden } as const
    expect(await api.execute(guild.id, command, testDeadline())).toMatchObject({ ok: true })
    const [secret, open] = await Promise.all(
      [hidden, guild.text].map(async (channel) => {
        const id = newId()
        const event = {
          v: 1,
          id,
          type: 'MESSAGE_CREATE',
          data: { id },
          channelId: channel.id,
        } as const
        await api.publish(guild.id, event, testDeadline())
        return id
      }),
    )
    heal()
    for (const session of sessions) {
      await expect.poll(() => session.views(), WAIT).toBeGreaterThan(1)
      const ids = session.messages().map(({ id }) => id)
      expect(ids).toContain(open)
      // A client must know a channel before it gets its messages.
      const viewed = session.deliveries.findIndex(({ kind }, i) => kind === 'view' && i > 0)
      const missed = session.deliveries.findIndex(
        (delivery) => delivery.kind === 'event' && delivery.event.id === open,
      )
      expect(viewed).toBeLessThan(missed)
      const isOwner = session.userId === owner
      expect(ids.includes(secret!)).toBe(isOwner)
      expect(JSON.stringify(session.deliveries.map(namesOf)).includes('hidden')).toBe(isOwner)
    }
  })

  it('gets all of them once after a gap that its host cannot fill', async () => {
    await using use = new AsyncDisposableStack()
    const { cut, heal, guild, api, sessions } = await setUp(use)
    const loads = Array.from({ length: 16 }, () => publishing(api, guild))
    await Promise.all(loads.map((load) => load.untilMore(10)))
    cut()
    // More than a host keeps for a gateway.
    await Promise.all(loads.map((load) => load.untilMore(100)))
    heal()
    await Promise.all(loads.map((load) => load.untilMore(10)))
    const acknowledged = (await Promise.all(loads.map((load) => load.stop()))).flat()
    acknowledged.sort((a, b) => (isBefore(a.position, b.position) ? -1 : 1))
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
  })
})

/** The channels or the data that a delivery shows. */
const namesOf = (delivery: Delivery): unknown =>
  delivery.kind === 'view'
    ? delivery.view.channels
    : delivery.kind === 'event' && delivery.event.data

describe('NATS', { timeout: 400_000 }, () => {
  it('may be killed and come back, and nothing acknowledged is lost or doubled', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, owned, load, expectAllReceived } = await underLoad(use)
    await cluster.killNats()
    await expect.poll(owned, WAIT).toEqual([])
    await cluster.restartNats()
    await load.untilMore(50)
    await expectAllReceived()
  })
})

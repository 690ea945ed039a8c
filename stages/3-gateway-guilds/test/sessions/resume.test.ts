import { aGuild, newId, testDeadline, testSessionRegistry } from '@threshold/conformance/ports'
import { Intent } from '@threshold/contract'
import { systemTimers } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import { typescriptEventEncoder } from '@threshold/stage-1/adapters/event-encoder.typescript'
import {
  type ClientLink,
  createDispatchCache,
  type Dispatch,
  findSession,
  Session,
  type SessionDependencies,
} from '@threshold/stage-1/gateway'
import { describe, expect, it, vi } from 'vitest'
import { natsSessionRegistry } from '../../src/adapters/session-registry.nats.ts'
import type { RunningGateway } from '../moves/cluster.ts'
import { listen, publishing, WAIT } from '../moves/cluster.ts'
import { setUp } from '../moves/guild-under-load.ts'
import { natsFixture } from '../nats/fixture.ts'

testSessionRegistry('NATS', async (use) => {
  const nats = await natsFixture(use)
  const options = { gateway: 'gateway', keepMs: 1_000, timers: systemTimers }
  return natsSessionRegistry((await nats.connect()).bus, options, nats.runtime)
})

interface Frame {
  readonly s: number
  readonly t: string
  readonly d: { readonly id?: string; readonly user?: { id: string }; readonly status?: string }
}

/** The parts that a gateway gives its sessions. */
function partsOf({ hub, bus, runtime }: RunningGateway, keepMs = 60_000): SessionDependencies {
  const encoder = typescriptEventEncoder()
  const sessions = natsSessionRegistry<Session, Dispatch>(
    bus,
    { gateway: newId(), keepMs, timers: systemTimers },
    runtime,
  )
  const voice = {
    admit: async () => ({ token: 'token', endpoint: 'voice:1' }),
    setMuted: async () => {},
    dismiss: async () => {},
  }
  const dispatches = createDispatchCache(encoder)
  const parts = { hub, encoder, dispatches, sessions, voice, runtime, budgetMs: 10_000 }
  sessions.onAdopt((from) => Session.restore(parts, from))
  return parts
}

/** A client that reads what its connection sends, until the connection breaks. */
function client() {
  const frames: Frame[] = []
  return {
    frames,
    last: () => frames.at(-1)?.s ?? 0,
    link(): ClientLink {
      return {
        send: (event, sequence) =>
          void frames.push(JSON.parse(Buffer.from(event.json(sequence)).toString()) as Frame),
        drained: async () => {},
        close() {},
      }
    },
  }
}

const identityOf = (userId: string) => ({
  id: newId().padStart(32, '0'),
  userId,
  intents:
    Intent.Guilds |
    Intent.GuildMessages |
    Intent.GuildPresences |
    Intent.DirectMessages |
    Intent.MessageContent,
  largeThreshold: 50,
  presence: { status: 'online', activities: [] } as const,
  version: 10,
  resumeUrl: 'ws://gateway',
  compress: false,
})

describe('a session', { timeout: 400_000 }, () => {
  it('goes from gateway to gateway under load: nothing is lost, doubled or reordered', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, api, guild, guest, sessions, store } = await setUp(use)
    await store.createUser(guild.state.members.get(guest)!.user, testDeadline())
    const running = [await cluster.startGateway(), await cluster.startGateway()] as const
    const gateways = [partsOf(running[0]), partsOf(running[1])] as const
    const owner = guild.owner.user.id
    const others = [
      await listen(running[0].hub, guild, owner),
      await listen(running[1].hub, guild, owner),
    ]
    const reader = client()
    const identity = identityOf(guest)
    let session = new Session(gateways[0], identity, reader.link())
    expect(await session.start()).toBe(true)
    await vi.waitFor(() => expect(reader.frames.some(({ t }) => t === 'GUILD_CREATE')).toBe(true))
    const loads = [publishing(api, guild), publishing(api, guild)]
    const directMessages: string[] = []
    for (let i = 0; i < 12; i++) {
      const missing = i % 3
      const sequence = Math.max(1, reader.last() - missing)
      reader.frames.splice(reader.frames.findIndex(({ s }) => s > sequence) >>> 0)
      session.disconnect()
      const direct = newId()
      directMessages.push(direct)
      const event = { v: 1, id: direct, type: 'MESSAGE_CREATE', data: { id: direct } } as const
      const [found] = await Promise.all([
        findSession(gateways[(i + 1) % 2]!, { sessionId: identity.id, userId: guest }),
        api.publishToUsers([guest], event, testDeadline()),
      ])
      expect(found).not.toBe(session)
      session = found!
      expect(session.resume(sequence, () => reader.link())).toBe('resumed')
      // As a heartbeat does.
      session.acknowledge(Math.max(0, reader.last() - 3))
      await loads[0]!.untilMore(5)
    }
    const acknowledged = (await Promise.all(loads.map((load) => load.stop()))).flat()
    const received = () =>
      reader.frames.flatMap(({ t, d }) => (t === 'MESSAGE_CREATE' ? [d.id!] : []))
    const expected = [...acknowledged.map(({ id }) => id), ...directMessages]
    await expect.poll(() => received().length, WAIT).toBe(expected.length)
    expect(new Set(received())).toEqual(new Set(expected))
    expect(reader.frames.map(({ s }) => s)).toEqual(reader.frames.map((_, i) => i + 1))
    // The other sessions of the same gateways have missed nothing.
    for (const other of others)
      await expect.poll(() => other.messages().length, WAIT).toBe(acknowledged.length)
    // In the order of the guild's log, as another session has it.
    const inGuild = new Set(acknowledged.map(({ id }) => id))
    expect(received().filter((id) => inGuild.has(id))).toEqual(
      sessions[0]!.messages().map(({ id }) => id),
    )
    // The others have seen nothing of it.
    const presences = sessions[0]!.deliveries.flatMap((delivery) =>
      delivery.kind === 'event' && delivery.event.type === 'PRESENCE_UPDATE'
        ? [delivery.event.data as { user: { id: string }; status: string }]
        : [],
    )
    expect(presences.filter(({ user }) => user.id === guest).map(({ status }) => status)).toEqual([
      'online',
    ])
    session.end()
  })

  it('goes to another gateway when its own stops, and waits for its client there', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, api, guild, guest, store } = await setUp(use)
    await store.createUser(guild.state.members.get(guest)!.user, testDeadline())
    const [stopping, other] = [
      partsOf(await cluster.startGateway()),
      partsOf(await cluster.startGateway()),
    ]
    const reader = client()
    const identity = identityOf(guest)
    const session = new Session(stopping, identity, reader.link())
    await session.start()
    const sequence = reader.last()
    const load = publishing(api, guild)
    await load.untilMore(5)
    session.disconnect()
    await stopping.sessions[Symbol.asyncDispose]()
    await load.untilMore(5)
    const acknowledged = await load.stop()
    const found = (await findSession(other, { sessionId: identity.id, userId: guest }))!
    reader.frames.splice(sequence)
    expect(found.resume(sequence, () => reader.link())).toBe('resumed')
    const received = () => reader.frames.filter(({ t }) => t === 'MESSAGE_CREATE')
    await expect
      .poll(() => received().map(({ d }) => d.id), WAIT)
      .toEqual(acknowledged.map(({ id }) => id))
    expect(reader.frames.map(({ s }) => s)).toEqual(reader.frames.map((_, i) => i + 1))
    found.end()
    // Without another gateway the session ends.
    await other.sessions[Symbol.asyncDispose]()
  })

  it('begins without a guild of its user that is quarantined', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, api, guild, guest, store } = await setUp(use)
    const member = guild.state.members.get(guest)!
    await store.createUser(member.user, testDeadline())
    const other = aGuild()
    const members = new Map([...other.state.members, [guest, member]])
    await api.create({ ...other.state, members }, testDeadline())
    cluster.failures.set(guild.id, 3)
    const event = { v: 1, id: newId(), type: 'MESSAGE_CREATE', data: {}, channelId: guild.text.id }
    while ((await cluster.reasonFor(guild.id)) === undefined)
      await api.publish(guild.id, event as HubEvent, testDeadline()).catch(() => {})
    const reader = client()
    const session = new Session(
      partsOf(await cluster.startGateway()),
      identityOf(guest),
      reader.link(),
    )
    expect(await session.start()).toBe(true)
    expect(reader.frames.map(({ t, d }) => [t, d.id])).toEqual([
      ['READY', undefined],
      ['GUILD_CREATE', other.id],
    ])
    session.end()
  })

  it('is found by no other user, and not after its time', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, guild, guest, store } = await setUp(use)
    await store.createUser(guild.state.members.get(guest)!.user, testDeadline())
    const [here, there] = [
      partsOf(await cluster.startGateway(), 500),
      partsOf(await cluster.startGateway()),
    ]
    const identity = identityOf(guest)
    const session = new Session(here, identity, client().link())
    await session.start()
    const request = { sessionId: identity.id, userId: guest }
    for (const gateway of [here, there])
      expect(await findSession(gateway, { ...request, userId: newId() })).toBeUndefined()
    session.disconnect()
    const claim = () => here.sessions.claim(request, testDeadline())
    await expect.poll(claim, WAIT).toBeUndefined()
    expect(await findSession(there, request)).toBeUndefined()
  })
})

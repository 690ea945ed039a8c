import { newId, testDeadline, testSessionRegistry } from '@threshold/conformance/ports'
import { Intent } from '@threshold/contract'
import { systemTimers } from '@threshold/kit'
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
import { publishing, WAIT } from '../moves/cluster.ts'
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
  return { hub, encoder, dispatches, sessions, voice, runtime, budgetMs: 10_000 }
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
        replaced() {},
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

describe('a session', { timeout: 120_000 }, () => {
  it('goes from gateway to gateway under load: nothing is lost, doubled or reordered', async () => {
    await using use = new AsyncDisposableStack()
    const { cluster, api, guild, guest, sessions, store } = await setUp(use)
    await store.createUser(guild.state.members.get(guest)!.user, testDeadline())
    const gateways = [
      partsOf(await cluster.startGateway()),
      partsOf(await cluster.startGateway()),
    ] as const
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
        findSession(gateways[(i + 1) % 2]!, { sessionId: identity.id, userId: guest, sequence }),
        api.publishToUsers([guest], event, testDeadline()),
      ])
      if (typeof found === 'string') throw new Error(`the session was ${found}`)
      expect(found.session).not.toBe(session)
      session = found.session
      session.resume(reader.link(), found.missed)
      await loads[0]!.untilMore(5)
    }
    const acknowledged = (await Promise.all(loads.map((load) => load.stop()))).flat()
    const received = () =>
      reader.frames.flatMap(({ t, d }) => (t === 'MESSAGE_CREATE' ? [d.id!] : []))
    const expected = [...acknowledged.map(({ id }) => id), ...directMessages]
    await expect.poll(() => received().length, WAIT).toBe(expected.length)
    expect(new Set(received())).toEqual(new Set(expected))
    expect(reader.frames.map(({ s }) => s)).toEqual(reader.frames.map((_, i) => i + 1))
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
    const request = { sessionId: identity.id, userId: guest, sequence: 1 }
    for (const gateway of [here, there])
      expect(await findSession(gateway, { ...request, userId: newId() })).toBe('lost')
    session.disconnect()
    const claim = () => here.sessions.claim(request, testDeadline())
    await expect.poll(claim, WAIT).toBeUndefined()
    expect(await findSession(there, request)).toBe('lost')
  })
})

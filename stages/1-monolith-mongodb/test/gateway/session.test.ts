import { randomBytes } from 'node:crypto'
import { aChannel, aGuild, aUser, newId, testDeadline } from '@threshold/conformance/ports'
import { Intent, Permission } from '@threshold/contract'
import type { GuildCommand, GuildState, User } from '@threshold/domain'
import { createRuntime, unavailable } from '@threshold/kit'
import type { GuildHub, MetadataStore } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { noSessions } from '../../src/adapters/session-registry.none.ts'
import { createDispatchCache } from '../../src/gateway/dispatch-cache.ts'
import { Session } from '../../src/gateway/session.ts'

const INTENTS = Intent.Guilds | Intent.GuildVoiceStates

/**
 * A session over a real hub. `listed` are the guilds that READY names, `states` those that exist
 * when the session joins them.
 */
async function startSession(
  user: User,
  listed: readonly string[],
  states: readonly GuildState[],
  intents: number = INTENTS,
) {
  const metadata = {
    guildsOf: async () => listed,
    dmsOf: async () => [],
    users: async (ids: readonly string[]) => (ids.includes(user.id) ? [user] : []),
    loadGuild: async (id: string) => states.find(({ guild }) => guild.id === id),
    record: async () => {},
    createGuild: async () => {},
  } as Partial<MetadataStore> as MetadataStore
  const runtime = createRuntime({ random: randomBytes })
  const messages = { newest: async () => new Map<string, string>() }
  const real = memoryGuildHub(
    { metadata, messages, permissions: typescriptPermissions(), memberList: typescriptMemberList },
    runtime,
  )
  const faults: ((call: () => Promise<unknown>) => Promise<unknown>)[] = []
  const subscribe: GuildHub['subscribe'] = (...args) => {
    const call = () => real.subscribe(...args)
    return (faults.shift()?.(call) ?? call()) as ReturnType<GuildHub['subscribe']>
  }
  const hub: GuildHub = { ...real, subscribe }
  const encoder = typescriptEventEncoder()
  const admitted: string[] = []
  const muteCalls: boolean[] = []
  const voice = {
    admit: async ({ channelId, muted }: { channelId: string; muted?: boolean }) => {
      admitted.push(channelId)
      muteCalls.push(muted ?? false)
      return { token: 'token', endpoint: 'voice:1' }
    },
    setMuted: async (_guild: string, _user: string, muted: boolean) => void muteCalls.push(muted),
    dismiss: async () => {},
  }
  const received: { t: string; d: { id?: string; guilds?: { id: string }[] } }[] = []
  const identity = {
    id: 'session',
    userId: user.id,
    version: 10,
    resumeUrl: 'ws://x',
    intents,
    shard: undefined,
    largeThreshold: 50,
    compress: false,
    presence: { status: 'online', activities: [] } as const,
  }
  const link = {
    send: (event: { json(sequence: number): Uint8Array }, sequence: number) => {
      received.push(JSON.parse(Buffer.from(event.json(sequence)).toString()))
    },
    drained: async () => {},
    close() {},
  }
  const parts = {
    hub,
    encoder,
    dispatches: createDispatchCache(encoder),
    sessions: noSessions(),
    voice,
    runtime,
    budgetMs: 10_000,
  }
  const session = new Session(parts, identity, link)
  await session.start()
  return {
    received,
    admitted,
    muteCalls,
    hub,
    session,
    /** The next subscription to a guild goes through this. */
    atNextSubscribe: (fault: (typeof faults)[number]) => void faults.push(fault),
    idsOf: (type: string) => received.filter(({ t }) => t === type).map(({ d }) => d.id),
    async [Symbol.asyncDispose]() {
      session.end()
      await hub[Symbol.asyncDispose]()
      await runtime.telemetry[Symbol.asyncDispose]()
    },
  }
}

describe('a guild that READY names', () => {
  it('is followed by GUILD_DELETE if it is deleted, or the user leaves it, before the session joins', async () => {
    const [joined, left, deleted] = [aGuild(1), aGuild(1), newId()]
    const owner = joined.owner
    await using fixture = await startSession(
      owner.user,
      [deleted, joined.id, left.id],
      [joined.state, left.state],
    )
    expect(fixture.received[0]!.d.guilds?.map(({ id }) => id)).toEqual([
      deleted,
      joined.id,
      left.id,
    ])
    expect(fixture.idsOf('GUILD_CREATE')).toEqual([joined.id])
    expect(fixture.idsOf('GUILD_DELETE').toSorted()).toEqual([deleted, left.id].toSorted())
  })

  it('is followed by nothing without the GUILDS intent', async () => {
    const { owner } = aGuild(0)
    await using fixture = await startSession(owner.user, [newId()], [], Intent.GuildMessages)
    expect(fixture.received.map(({ t }) => t)).toEqual(['READY'])
  })
})

describe('a guild that the user joins during the session', () => {
  it('is joined at the next news of it, if the guild could not be loaded before', async () => {
    const { state, id, owner } = aGuild(1)
    const stranger = aUser()
    await using fixture = await startSession(stranger, [], [state])
    const add: GuildCommand = {
      type: 'member.add',
      by: owner.user.id,
      user: stranger,
      nick: null,
      roles: [],
      joinedAt: 0,
      invited: true,
    }
    const failed = Promise.withResolvers<void>()
    fixture.atNextSubscribe(async () => {
      failed.resolve()
      throw unavailable('the hub')
    })
    await fixture.hub.execute(id, add, testDeadline())
    await failed.promise
    const by = owner.user.id
    await fixture.hub.execute(
      id,
      { type: 'member.remove', by, userId: stranger.id },
      testDeadline(),
    )
    await fixture.hub.execute(id, add, testDeadline())
    await expect.poll(() => fixture.idsOf('GUILD_CREATE')).toEqual([id])
  })

  it('is told the presence that changed while it was joined', async () => {
    const { state, id, owner } = aGuild(1)
    await using fixture = await startSession(owner.user, [], [state])
    const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    fixture.atNextSubscribe(async (call) => {
      reached.resolve()
      const subscription = await call()
      await held.promise
      return subscription
    })
    await fixture.hub.create(state, testDeadline())
    await reached.promise
    fixture.session.setPresence({ status: 'dnd', activities: [] })
    held.resolve()
    await expect
      .poll(async () => {
        const presences = await fixture.hub.presences(id, [owner.user.id], testDeadline())
        return presences.get(owner.user.id)?.status
      })
      .toBe('dnd')
  })
})

describe('a session in a call', () => {
  it('receives a voice server when it joins, moves or repeats its request, and not when it mutes or deafens itself', async () => {
    const { state, owner, id, voice } = aGuild(0)
    const second = { ...voice, id: newId() }
    const both = { ...state, channels: new Map([...state.channels, [second.id, second]]) }
    await using fixture = await startSession(owner.user, [id], [both])
    const steps: [
      channelId: string | null,
      selfMute: boolean,
      selfDeaf: boolean,
      admits: boolean,
    ][] = [
      [voice.id, false, false, true],
      [voice.id, true, false, false],
      [voice.id, true, true, false],
      [voice.id, true, true, true], // as a client does whose voice socket broke
      [second.id, true, true, true],
      [second.id, false, true, false],
      [null, false, false, false],
      [second.id, true, false, true],
    ]
    const expected = { states: 0, servers: 0 }
    for (const [channelId, selfMute, selfDeaf, admits] of steps) {
      await fixture.session.moveVoice({ guildId: id, channelId, selfMute, selfDeaf })
      expected.states += 1
      expected.servers += admits ? 1 : 0
      expect([
        fixture.idsOf('VOICE_STATE_UPDATE').length,
        fixture.idsOf('VOICE_SERVER_UPDATE').length,
      ]).toEqual([expected.states, expected.servers])
    }
    expect(fixture.admitted).toEqual([voice.id, voice.id, second.id, second.id])
  })
})

describe('a session without the right to speak', () => {
  it('is muted in its call by a moderator, and in channels where SPEAK is missing', async () => {
    const { state, owner, others, id, voice } = aGuild(1)
    const [{ user }] = others as [(typeof others)[0]]
    const stage = aChannel(id, {
      type: 2,
      overwrites: [{ id, type: 0, allow: '0', deny: String(Permission.Speak) }],
    })
    const both = { ...state, channels: new Map([...state.channels, [stage.id, stage]]) }
    await using fixture = await startSession(user, [id], [both])
    const move = (channelId: string) =>
      fixture.session.moveVoice({ guildId: id, channelId, selfMute: false, selfDeaf: false })
    const mute = (muted: boolean) => {
      const command: GuildCommand = {
        type: 'member.edit',
        by: owner.user.id,
        userId: user.id,
        patch: { mute: muted },
      }
      return fixture.hub.execute(id, command, testDeadline())
    }
    await move(voice.id)
    expect(fixture.muteCalls.splice(0)).toEqual([false]) // on admission
    await mute(true)
    await mute(false)
    expect(fixture.muteCalls.splice(0)).toEqual([true, false])
    await move(stage.id)
    expect(fixture.muteCalls.splice(0)).toEqual([true, true])
    await mute(true)
    await move(voice.id)
    expect(fixture.muteCalls).toEqual([true, true, true])
  })
})

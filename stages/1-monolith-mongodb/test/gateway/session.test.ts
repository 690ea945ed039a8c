import { randomBytes } from 'node:crypto'
import { aChannel, aGuild, newId, testDeadline } from '@threshold/conformance/ports'
import { Intent, Permission } from '@threshold/contract'
import type { GuildCommand, GuildState, User } from '@threshold/domain'
import { createRuntime } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createDispatchCache } from '../../src/gateway/dispatch-cache.ts'
import { Session } from '../../src/gateway/session.ts'

const INTENTS = Intent.Guilds | Intent.GuildVoiceStates

/**
 * A session over a real hub; `listed` is what READY names, `states` what is there by the time it
 * joins.
 */
async function session(
  user: User,
  listed: readonly string[],
  states: readonly GuildState[],
  intents: number = INTENTS,
) {
  const metadata = {
    guildsOf: async () => listed,
    dmsOf: async () => [],
    users: async () => [],
    loadGuild: async (id: string) => states.find(({ guild }) => guild.id === id),
    record: async () => {},
  } as Partial<MetadataStore> as MetadataStore
  const runtime = createRuntime({ random: randomBytes })
  const messages = { newest: async () => new Map<string, string>() }
  const hub = memoryGuildHub(
    { metadata, messages, permissions: typescriptPermissions(), memberList: typescriptMemberList },
    runtime,
  )
  const encoder = typescriptEventEncoder()
  const admitted: string[] = []
  const silences: boolean[] = []
  const voice = {
    admit: ({ channelId, silent }: { channelId: string; silent?: boolean }) => {
      admitted.push(channelId)
      silences.push(silent ?? false)
      return { token: 'token', endpoint: 'voice:1' }
    },
    silence: (_guild: string, _user: string, silent: boolean) => void silences.push(silent),
    dismiss: () => {},
  }
  const told: { t: string; d: { id?: string; guilds?: { id: string }[] } }[] = []
  const identity = {
    id: 'session',
    user,
    version: 10,
    resumeUrl: 'ws://x',
    intents,
    shard: undefined,
    largeThreshold: 50,
    presence: { status: 'online', activities: [] } as const,
  }
  const link = {
    send: (event: { json(sequence: number): Uint8Array }, sequence: number) => {
      told.push(JSON.parse(Buffer.from(event.json(sequence)).toString()))
    },
    drained: async () => {},
  }
  const parts = {
    metadata,
    messages,
    hub,
    encoder,
    dispatches: createDispatchCache(encoder),
    voice,
    runtime,
    budgetMs: 10_000,
  }
  const made = new Session(parts, identity, link)
  await made.start()
  return {
    told,
    admitted,
    silences,
    hub,
    session: made,
    names: (type: string) => told.filter(({ t }) => t === type).map(({ d }) => d.id),
    async [Symbol.asyncDispose]() {
      made.end()
      await hub[Symbol.asyncDispose]()
      await runtime.telemetry[Symbol.asyncDispose]()
    },
  }
}

describe('a guild that READY names', () => {
  it('and that is gone, or without them, before the session joins it, is said to be gone', async () => {
    const [stays, left, gone] = [aGuild(1), aGuild(1), newId()]
    const owner = stays.owner
    await using one = await session(
      owner.user,
      [gone, stays.id, left.id],
      [stays.state, left.state],
    )
    expect(one.told[0]!.d.guilds?.map(({ id }) => id)).toEqual([gone, stays.id, left.id])
    expect(one.names('GUILD_CREATE')).toEqual([stays.id])
    expect(one.names('GUILD_DELETE').toSorted()).toEqual([gone, left.id].toSorted())
  })

  it('is not spoken of again to who does not want to hear of guilds', async () => {
    const { owner } = aGuild(0)
    await using one = await session(owner.user, [newId()], [], Intent.GuildMessages)
    expect(one.told.map(({ t }) => t)).toEqual(['READY'])
  })
})

describe('a session that talks', () => {
  it('is named a voice server when it joins, moves or asks again, and not when it mutes or deafens itself', async () => {
    const { state, owner, id, voice } = aGuild(0)
    const second = { ...voice, id: newId() }
    const both = { ...state, channels: new Map([...state.channels, [second.id, second]]) }
    await using one = await session(owner.user, [id], [both])
    const steps: [
      channelId: string | null,
      selfMute: boolean,
      selfDeaf: boolean,
      admits: boolean,
    ][] = [
      [voice.id, false, false, true],
      [voice.id, true, false, false],
      [voice.id, true, true, false],
      [voice.id, true, true, true], // as a client does whose voice socket died
      [second.id, true, true, true],
      [second.id, false, true, false],
      [null, false, false, false],
      [second.id, true, false, true],
    ]
    const before = { states: 0, servers: 0 }
    for (const [channelId, selfMute, selfDeaf, admits] of steps) {
      await one.session.moveVoice({ guildId: id, channelId, selfMute, selfDeaf })
      before.states += 1
      before.servers += admits ? 1 : 0
      expect([
        one.names('VOICE_STATE_UPDATE').length,
        one.names('VOICE_SERVER_UPDATE').length,
      ]).toEqual([before.states, before.servers])
    }
    expect(one.admitted).toEqual([voice.id, voice.id, second.id, second.id])
  })
})

describe('a session that may not speak', () => {
  it('has a silent seat while a moderator mutes it, and where it lacks the permission', async () => {
    const { state, owner, others, id, voice } = aGuild(1)
    const [{ user }] = others as [(typeof others)[0]]
    const stage = aChannel(id, {
      type: 2,
      overwrites: [{ id, type: 0, allow: '0', deny: String(Permission.Speak) }],
    })
    const both = { ...state, channels: new Map([...state.channels, [stage.id, stage]]) }
    await using one = await session(user, [id], [both])
    const move = (channelId: string) =>
      one.session.moveVoice({ guildId: id, channelId, selfMute: false, selfDeaf: false })
    const mute = (muted: boolean) => {
      const command: GuildCommand = {
        type: 'member.edit',
        by: owner.user.id,
        userId: user.id,
        patch: { mute: muted },
      }
      return one.hub.execute(id, command, testDeadline())
    }
    await move(voice.id)
    expect(one.silences).toEqual([false, false]) // as the state says, and as the seat begins
    await mute(true)
    await mute(false)
    expect(one.silences.splice(0)).toEqual([false, false, true, false])
    await move(stage.id)
    expect(one.silences.splice(0)).toEqual([true, true])
    await mute(true)
    await move(voice.id)
    expect(one.silences).toEqual([true, true, true])
  })
})

import { aChannel, aGuild, aMember, aRole, denyView } from '@threshold/conformance/ports'
import type { GuildCommand, GuildState, Member } from '@threshold/domain'
import { deadlineAfter, silentTracer } from '@threshold/kit'
import type { Delivery } from '@threshold/ports'
import { afterEach, describe, expect, it } from 'vitest'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { Guild } from '../../src/guild/guild.ts'
import { LARGE_GUILD } from '../../src/guild/guild-view.ts'
import { subscriber } from './subscriber.ts'

const open: Guild[] = []
afterEach(() => {
  for (const guild of open.splice(0)) guild.close()
})

/**
 * A guild over a store that keeps everything and answers at once: what stores really do is for the
 * port's suite.
 */
function awake(state: GuildState, record: () => Promise<void> = async () => {}) {
  let computed = 0
  const real = typescriptPermissions()
  const permissions = {
    viewers(of: GuildState, channel: string, users: Iterable<string>) {
      computed += 1
      return real.viewers(of, channel, users)
    },
  }
  const metadata = { record, createGuild: async () => {} }
  const tools = {
    metadata,
    permissions,
    memberList: typescriptMemberList,
    tracer: silentTracer,
    epoch: 1,
    presenceDelayMs: 5,
    onMemberAdded: () => {},
    onDeleted: () => {},
  }
  const guild = new Guild(state, tools)
  open.push(guild)
  return {
    guild,
    computed: () => computed,
    run: (command: GuildCommand) => guild.execute(command, deadlineAfter(5_000)),
  }
}

const shown = (told: readonly Delivery[]) => {
  const [first] = told
  if (first?.kind !== 'view') throw new Error('a session that joins a guild is shown it first')
  return first
}
const events = (told: readonly Delivery[], type: string): unknown[] =>
  told.flatMap((delivery) =>
    delivery.kind === 'event' && delivery.event.type === type ? [delivery.event.data] : [],
  )

describe('a guild', () => {
  it('shows all of its members while it is small, and of a large one those who are online and oneself', () => {
    const [small, large] = [aGuild(LARGE_GUILD - 1), aGuild(LARGE_GUILD)]
    for (const { state, owner, others } of [small, large]) {
      const { guild } = awake(state)
      const [first, second] = [subscriber(others[3]!.user.id), subscriber(owner.user.id)]
      for (const each of [first, second]) guild.subscribe(each)
      const listed = shown(first.received).members.map(({ user }) => user.id)
      expect(listed).toEqual(
        state.members.size <= LARGE_GUILD ? [...state.members.keys()] : [others[3]!.user.id],
      )
      expect(shown(second.received).view.memberCount).toBe(state.members.size)
    }
  })

  it('takes who comes into its own list, and leaves that of whoever loaded it alone', async () => {
    const { state, owner } = aGuild(2)
    const { guild, run } = awake(state)
    const before = guild.state.members
    const { user } = aMember()
    await run({
      type: 'member.add',
      by: owner.user.id,
      user,
      nick: null,
      roles: [],
      joinedAt: 0,
      invited: true,
    })
    expect(guild.state.members).toBe(before) // not a copy: a guild of ten thousand would make ten thousand of ten thousand
    expect([before.has(user.id), state.members.has(user.id)]).toEqual([true, false])
  })

  it('takes a deleted role from all who had it, also where they are looked up by name', async () => {
    const { state, owner, others } = aGuild(3)
    const role = aRole()
    const holders = others.slice(1).map((member) => ({ ...member, roles: [role.id] }))
    const members = new Map([
      ...state.members,
      ...holders.map((member) => [member.user.id, member] as const),
    ])
    const { guild, run } = awake({
      ...state,
      roles: new Map([...state.roles, [role.id, role]]),
      members,
    })
    expect(guild.members.page('0', 10).flatMap(({ roles }) => roles)).toEqual([role.id, role.id])
    await run({ type: 'role.delete', by: owner.user.id, roleId: role.id })
    expect(guild.members.page('0', 10).flatMap(({ roles }) => roles)).toEqual([])
    expect([...guild.state.members.values()].flatMap(({ roles }) => roles)).toEqual([])
  })

  it('computes no permissions for what changes nobody’s sight', async () => {
    const { state, owner, others, id, text } = aGuild(20)
    const { guild, run, computed } = awake(state)
    for (const member of [owner, ...others]) guild.subscribe(subscriber(member.user.id))
    const by = owner.user.id
    const say = (): void =>
      void guild.publish({
        v: 1,
        id: `${computed()}:${Math.random()}`,
        type: 'MESSAGE_CREATE',
        data: {},
        channelId: text.id,
      })
    say()
    const before = computed()
    await run({ type: 'role.edit', by, roleId: id, patch: { color: 7 } })
    await run({ type: 'guild.edit', by, patch: { name: 'renamed' } })
    await run({ type: 'member.edit', by, userId: others[0]!.user.id, patch: { nick: 'nick' } })
    await run({ type: 'role.create', by, role: aRole() })
    say()
    expect(computed()).toBe(before)
  })

  it('tells who loses sight of a channel of it as they last saw it, and not of what it has become', async () => {
    const { state, owner, others, text } = aGuild(1)
    const { guild, run } = awake(state)
    const member = subscriber(others[0]!.user.id)
    guild.subscribe(member)
    const patch = { topic: 'a secret', overwrites: [denyView(others[0]!.user.id, 1)] }
    await run({ type: 'channel.edit', by: owner.user.id, channelId: text.id, patch })
    expect(events(member.received, 'CHANNEL_UPDATE')).toEqual([])
    expect(events(member.received, 'CHANNEL_DELETE')).toMatchObject([{ id: text.id, topic: null }])
  })

  it('keeps a temporary member who comes back while their removal waits for its turn', async () => {
    const { state, owner, others } = aGuild(2)
    const [back, away] = others.map((member) => ({ ...member, temporary: true as const }))
    const members = new Map([owner, back!, away!].map((member) => [member.user.id, member]))
    const held = Promise.withResolvers<void>()
    const { guild, run } = awake({ ...state, members }, () => held.promise)
    const expire = ({ user }: Member) =>
      run({ type: 'member.expire', by: user.id, userId: user.id })
    const before = run({ type: 'role.create', by: owner.user.id, role: aRole() })
    const removals = [expire(back!), expire(away!)]
    guild.subscribe(subscriber(back!.user.id))
    held.resolve()
    await before
    expect(await Promise.all(removals)).toMatchObject([{ ok: true, events: [] }, { ok: true }])
    expect([...guild.state.members.keys()]).toEqual([owner.user.id, back!.user.id])
  })

  it('forgets the last message of a channel that is gone, once it has said so', async () => {
    const { state, owner, text } = aGuild(0)
    const { guild, run } = awake(state)
    const session = subscriber(owner.user.id)
    guild.subscribe(session)
    const say = (id: string) =>
      guild.publish({ v: 1, id, type: 'MESSAGE_CREATE', data: {}, channelId: text.id })
    say('7')
    await run({ type: 'channel.delete', by: owner.user.id, channelId: text.id })
    expect(events(session.received, 'CHANNEL_DELETE')).toMatchObject([
      { id: text.id, last_message_id: '7' },
    ])
    expect(guild.lastMessages.get(text.id)).toBeUndefined()
    say('8')
    guild.lastMessages.mergeStored(new Map([[text.id, '7']]))
    expect(guild.lastMessages.get(text.id)).toBeUndefined()
  })

  it('publishes an event id once, and forgets the ids used longest ago', () => {
    const { state, owner } = aGuild(0)
    const { guild } = awake(state)
    const session = subscriber(owner.user.id)
    guild.subscribe(session)
    const publish = (id: number) =>
      guild.publish({ v: 1, id: String(id), type: 'TYPING_START', data: {} }).sequence
    const remembered = 16_384
    for (let id = 1; id <= remembered; id++) publish(id)
    expect(publish(1)).toBe(1)
    expect(publish(remembered + 1)).toBe(remembered + 1) // in place of 2, since 1 was just used
    expect([publish(1), publish(2)]).toEqual([1, remembered + 2])
    expect(events(session.received, 'TYPING_START')).toHaveLength(remembered + 2)
  })

  it('is idle when nobody listens and nothing is under way', async () => {
    const { state, owner, id } = aGuild(1)
    const { guild, run } = awake(state)
    expect(guild.idle).toBe(true)
    const running = run({ type: 'channel.create', by: owner.user.id, channel: aChannel(id) })
    expect(guild.idle).toBe(false)
    await running
    expect(guild.idle).toBe(true)
    const subscription = guild.subscribe(subscriber(owner.user.id))
    expect(guild.idle).toBe(false)
    subscription?.unsubscribe()
    expect(guild.idle).toBe(true)
  })

  it('lets nobody talk or be present by a session that has ended', async () => {
    const { state, owner, voice } = aGuild(1)
    const { guild } = awake(state)
    const gone = subscriber(owner.user.id)
    const subscription = guild.subscribe(gone)!
    subscription.unsubscribe()
    expect(
      await subscription.setVoiceState(
        { channelId: voice.id, sessionId: gone.sessionId, selfMute: false, selfDeaf: false },
        deadlineAfter(1_000),
      ),
    ).toBe('left')
    subscription.setPresence({ status: 'dnd', activities: [] })
    const listener = subscriber(owner.user.id)
    guild.subscribe(listener)
    expect(shown(listener.received).view.voiceStates).toEqual([])
    expect(shown(listener.received).presences.get(owner.user.id)?.status).toBe('online')
  })
})

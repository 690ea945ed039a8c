import { aChannel, aGuild, aMember, aRole, denyView } from '@threshold/conformance/ports'
import type { GuildCommand, GuildState, Member } from '@threshold/domain'
import { deadlineAfter, silentTracer, systemClock, systemTimers } from '@threshold/kit'
import type { Delivery } from '@threshold/ports'
import { afterEach, describe, expect, it } from 'vitest'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { Guild } from '../../src/guild/guild.ts'
import { LARGE_GUILD } from '../../src/guild/guild-view.ts'
import { aListener, deliverToAll, ONLINE, type TestListener } from './listener.ts'

const open: Guild<TestListener>[] = []
afterEach(() => {
  for (const guild of open.splice(0)) guild.close()
})

/** A guild over a store that accepts everything at once. Real stores have the port's suite. */
function openGuild(state: GuildState, record: () => Promise<void> = async () => {}) {
  let computed = 0
  const real = typescriptPermissions()
  const permissions = {
    viewers(of: GuildState, channel: string, users: Iterable<string>) {
      computed += 1
      return real.viewers(of, channel, users)
    },
  }
  const metadata = { record, createGuild: async () => {} }
  const dependencies = {
    metadata,
    permissions,
    memberList: typescriptMemberList,
    tracer: silentTracer,
    clock: systemClock,
    timers: systemTimers,
    deliver: deliverToAll,
    epoch: 1,
    presenceDelayMs: 5,
    onMemberAdded: () => {},
    onDeleted: () => {},
  }
  const guild = new Guild(state, dependencies)
  open.push(guild)
  return {
    guild,
    computed: () => computed,
    execute: (command: GuildCommand) => guild.execute(command, deadlineAfter(5_000)),
  }
}

const viewIn = (received: readonly Delivery[]) => {
  const [first] = received
  if (first?.kind !== 'view') throw new Error('the first delivery must be the view')
  return first
}
const eventsIn = (received: readonly Delivery[], type: string): unknown[] =>
  received.flatMap((delivery) =>
    delivery.kind === 'event' && delivery.event.type === type ? [delivery.event.data] : [],
  )

describe('a guild', () => {
  it('sends all members if it is small, and only online members if it is large', () => {
    const [small, large] = [aGuild(LARGE_GUILD - 1), aGuild(LARGE_GUILD)]
    for (const { state, owner, others } of [small, large]) {
      const { guild } = openGuild(state)
      const [first, second] = [aListener(others[3]!.user.id), aListener(owner.user.id)]
      for (const session of [first, second]) guild.subscribe(session, ONLINE)
      const listed = viewIn(first.received).members.map(({ user }) => user.id)
      expect(listed).toEqual(
        state.members.size <= LARGE_GUILD ? [...state.members.keys()] : [others[3]!.user.id],
      )
      expect(viewIn(second.received).view.memberCount).toBe(state.members.size)
    }
  })

  it('adds a member to its own list in place, and not to the state it was loaded from', async () => {
    const { state, owner } = aGuild(2)
    const { guild, execute } = openGuild(state)
    const before = guild.state.members
    const { user } = aMember()
    await execute({
      type: 'member.add',
      by: owner.user.id,
      user,
      nick: null,
      roles: [],
      joinedAt: 0,
      invited: true,
    })
    // Not a copy: ten thousand joins would copy ten thousand lists of ten thousand members.
    expect(guild.state.members).toBe(before)
    expect([before.has(user.id), state.members.has(user.id)]).toEqual([true, false])
  })

  it('takes a deleted role from all its members, also in the member list', async () => {
    const { state, owner, others } = aGuild(3)
    const role = aRole()
    const holders = others.slice(1).map((member) => ({ ...member, roles: [role.id] }))
    const members = new Map([
      ...state.members,
      ...holders.map((member) => [member.user.id, member] as const),
    ])
    const { guild, execute } = openGuild({
      ...state,
      roles: new Map([...state.roles, [role.id, role]]),
      members,
    })
    expect(guild.members.page('0', 10).flatMap(({ roles }) => roles)).toEqual([role.id, role.id])
    await execute({ type: 'role.delete', by: owner.user.id, roleId: role.id })
    expect(guild.members.page('0', 10).flatMap(({ roles }) => roles)).toEqual([])
    expect([...guild.state.members.values()].flatMap(({ roles }) => roles)).toEqual([])
  })

  it('computes no permissions for events that change no visibility', async () => {
    const { state, owner, others, id, text } = aGuild(20)
    const { guild, execute, computed } = openGuild(state)
    for (const member of [owner, ...others]) guild.subscribe(aListener(member.user.id), ONLINE)
    const by = owner.user.id
    const publish = (): void =>
      void guild.publish({
        v: 1,
        id: `${computed()}:${Math.random()}`,
        type: 'MESSAGE_CREATE',
        data: {},
        channelId: text.id,
      })
    publish()
    const before = computed()
    await execute({ type: 'role.edit', by, roleId: id, patch: { color: 7 } })
    await execute({ type: 'guild.edit', by, patch: { name: 'renamed' } })
    await execute({ type: 'member.edit', by, userId: others[0]!.user.id, patch: { nick: 'nick' } })
    await execute({ type: 'role.create', by, role: aRole() })
    publish()
    expect(computed()).toBe(before)
  })

  it('sends CHANNEL_DELETE with the last visible state to a user who loses a channel', async () => {
    const { state, owner, others, text } = aGuild(1)
    const { guild, execute } = openGuild(state)
    const member = aListener(others[0]!.user.id)
    guild.subscribe(member, ONLINE)
    const patch = { topic: 'a secret', overwrites: [denyView(others[0]!.user.id, 1)] }
    await execute({ type: 'channel.edit', by: owner.user.id, channelId: text.id, patch })
    expect(eventsIn(member.received, 'CHANNEL_UPDATE')).toEqual([])
    expect(eventsIn(member.received, 'CHANNEL_DELETE')).toMatchObject([
      { id: text.id, topic: null },
    ])
  })

  it('keeps a temporary member who connects while their removal waits in the queue', async () => {
    const { state, owner, others } = aGuild(2)
    const [returning, absent] = others.map((member) => ({ ...member, temporary: true as const }))
    const members = new Map([owner, returning!, absent!].map((member) => [member.user.id, member]))
    const held = Promise.withResolvers<void>()
    const { guild, execute } = openGuild({ ...state, members }, () => held.promise)
    const expire = ({ user }: Member) =>
      execute({ type: 'member.expire', by: user.id, userId: user.id })
    const before = execute({ type: 'role.create', by: owner.user.id, role: aRole() })
    const removals = [expire(returning!), expire(absent!)]
    guild.subscribe(aListener(returning!.user.id), ONLINE)
    held.resolve()
    await before
    expect(await Promise.all(removals)).toMatchObject([{ ok: true, events: [] }, { ok: true }])
    expect([...guild.state.members.keys()]).toEqual([owner.user.id, returning!.user.id])
  })

  it('forgets the last message of a deleted channel after CHANNEL_DELETE', async () => {
    const { state, owner, text } = aGuild(0)
    const { guild, execute } = openGuild(state)
    const session = aListener(owner.user.id)
    guild.subscribe(session, ONLINE)
    const publish = (id: string) =>
      guild.publish({ v: 1, id, type: 'MESSAGE_CREATE', data: {}, channelId: text.id })
    publish('7')
    await execute({ type: 'channel.delete', by: owner.user.id, channelId: text.id })
    expect(eventsIn(session.received, 'CHANNEL_DELETE')).toMatchObject([
      { id: text.id, last_message_id: '7' },
    ])
    expect(guild.lastMessages.get(text.id)).toBeUndefined()
    publish('8')
    guild.lastMessages.mergeStored(new Map([[text.id, '7']]))
    expect(guild.lastMessages.get(text.id)).toBeUndefined()
  })

  it('publishes an event id once, and forgets the least recently used ids', () => {
    const { state, owner } = aGuild(0)
    const { guild } = openGuild(state)
    const session = aListener(owner.user.id)
    guild.subscribe(session, ONLINE)
    const publish = (id: number) =>
      guild.publish({ v: 1, id: String(id), type: 'TYPING_START', data: {} }).position.sequence
    const remembered = 16_384
    for (let id = 1; id <= remembered; id++) publish(id)
    expect(publish(1)).toBe(1)
    expect(publish(remembered + 1)).toBe(remembered + 1) // evicts 2, since 1 was just used
    expect([publish(1), publish(2)]).toEqual([1, remembered + 2])
    expect(eventsIn(session.received, 'TYPING_START')).toHaveLength(remembered + 2)
  })

  it('is idle without sessions and commands', async () => {
    const { state, owner, id } = aGuild(1)
    const { guild, execute } = openGuild(state)
    expect(guild.idle).toBe(true)
    const running = execute({ type: 'channel.create', by: owner.user.id, channel: aChannel(id) })
    expect(guild.idle).toBe(false)
    await running
    expect(guild.idle).toBe(true)
    const session = aListener(owner.user.id)
    guild.subscribe(session, ONLINE)
    expect(guild.idle).toBe(false)
    guild.subscriptions.unsubscribe(session)
    expect(guild.idle).toBe(true)
  })

  it('ignores voice states and presences of a session that has ended', async () => {
    const { state, owner, voice } = aGuild(1)
    const { guild } = openGuild(state)
    const ended = aListener(owner.user.id)
    guild.subscribe(ended, ONLINE)
    guild.subscriptions.unsubscribe(ended)
    expect(
      guild.subscriptions.setVoiceState(ended, {
        channelId: voice.id,
        sessionId: ended.sessionId,
        selfMute: false,
        selfDeaf: false,
      }),
    ).toBe('left')
    guild.subscriptions.setPresence(ended, { status: 'dnd', activities: [] })
    const other = aListener(owner.user.id)
    guild.subscribe(other, ONLINE)
    expect(viewIn(other.received).view.voiceStates).toEqual([])
    expect(viewIn(other.received).presences.get(owner.user.id)?.status).toBe('online')
  })
})

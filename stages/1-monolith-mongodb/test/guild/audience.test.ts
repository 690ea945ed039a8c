import { aChannel, aGuild, allowView, denyView, newId } from '@threshold/conformance/ports'
import { canView, type GuildState } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createAudience } from '../../src/guild/audience.ts'
import { aListener } from './listener.ts'

/** Permissions that count the users they are computed for. */
function countingPermissions(): Permissions & { computed: number } {
  const real = typescriptPermissions()
  const counted = {
    computed: 0,
    viewers(state: GuildState, channel: string, users: Iterable<string>) {
      const all = [...users]
      counted.computed += all.length
      return real.viewers(state, channel, all)
    },
  }
  return counted
}

/** A guild with a hundred members and three channels. Half of the members cannot view the last. */
function crowd() {
  const guild = aGuild(99)
  const users = [...guild.state.members.keys()]
  const secret = aChannel(guild.id, {
    overwrites: users.filter((_, i) => i % 2).map((user) => denyView(user, 1)),
  })
  const channels = [guild.text, guild.voice, secret]
  const state: GuildState = {
    ...guild.state,
    channels: new Map(channels.map((channel) => [channel.id, channel])),
  }
  return { state, users, channels, secret }
}

describe('an audience', () => {
  it('has the viewers that the permission rules give, whatever connects, disconnects and changes', () => {
    const { state: initial, users, channels } = crowd()
    const userIndex = fc.nat(9)
    const anyStep = fc.oneof(
      fc.record({
        kind: fc.constantFrom('connect' as const, 'disconnect' as const, 'own' as const),
        userIndex,
        channel: fc.constant(0),
      }),
      fc.record({
        kind: fc.constantFrom('hide' as const, 'show' as const),
        userIndex,
        channel: fc.nat(2),
      }),
    )
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30, size: 'max' }), (steps) => {
        let state = initial
        const audience = createAudience(typescriptPermissions())
        const sessionsOf = users.slice(0, 10).map((user) => [aListener(user)])
        for (const [session] of sessionsOf) audience.add(state, session!)
        for (const step of steps) {
          const sessions = sessionsOf[step.userIndex]!
          const user = users[step.userIndex]!
          if (step.kind === 'connect') {
            sessions.push(aListener(user))
            audience.add(state, sessions.at(-1)!)
          } else if (step.kind === 'disconnect') {
            const session = sessions.pop()
            if (session) audience.remove(session)
          } else if (step.kind === 'own') {
            state = { ...state, guild: { ...state.guild, ownerId: user } }
            audience.invalidate()
          } else {
            const channel = state.channels.get(channels[step.channel]!.id)!
            const overwrites = [
              ...channel.overwrites.filter(({ id }) => id !== user),
              (step.kind === 'hide' ? denyView : allowView)(user, 1),
            ]
            state = {
              ...state,
              channels: new Map(state.channels).set(channel.id, { ...channel, overwrites }),
            }
            audience.invalidate(channel.id)
          }
          for (const { id } of channels) {
            const connected = users.slice(0, 10).filter((_, i) => sessionsOf[i]!.length > 0)
            expect(new Set(audience.viewersOf(state, id))).toEqual(
              new Set(connected.filter((user) => canView(state, user, id))),
            )
          }
          expect(audience.size).toBe(sessionsOf.flat().length)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('computes the viewers of a channel once, and after a change only what it affects', () => {
    const permissions = countingPermissions()
    const { state, users, channels, secret } = crowd()
    const audience = createAudience(permissions)
    for (const user of users) audience.add(state, aListener(user))
    expect(permissions.computed).toBe(0) // viewers are computed lazily
    const readAll = (): void => {
      for (const user of users)
        for (const { id } of channels) audience.viewersOf(state, id).has(user)
    }
    const cost = (work: () => void): number => {
      const before = permissions.computed
      work()
      readAll()
      return permissions.computed - before
    }
    expect(cost(() => {})).toBe(3 * users.length)
    expect(cost(() => {})).toBe(0)
    expect(cost(() => audience.invalidate(secret.id))).toBe(users.length)
    expect(cost(() => audience.refreshUser(state, users[7]!))).toBe(3)
    const second = aListener(users[7]!)
    expect(cost(() => audience.add(state, second))).toBe(0) // a second session of the same user
    expect(cost(() => audience.remove(second))).toBe(0)
  })

  it('computes each user once during a mass reconnect, however many messages are sent in between', () => {
    const permissions = countingPermissions()
    const { state, users, channels } = crowd()
    const audience = createAudience(permissions)
    for (const user of users) {
      audience.add(state, aListener(user))
      // A message in each channel after each reconnect.
      for (const { id } of channels) audience.viewersOf(state, id).has(user)
    }
    expect(permissions.computed).toBeLessThanOrEqual(3 * users.length)
  })

  it('keeps nothing of a user whose last session ended', () => {
    const { state, users, channels } = crowd()
    const audience = createAudience(typescriptPermissions())
    const [first, second] = [aListener(users[0]!), aListener(users[0]!)]
    for (const session of [first, second]) audience.add(state, session)
    audience.viewersOf(state, channels[0]!.id).has(users[0]!)
    audience.remove(first)
    audience.remove(first)
    expect([audience.size, audience.hasUser(users[0]!), audience.sessionsOf(users[0]!)]).toEqual([
      1,
      true,
      [second],
    ])
    audience.remove(second)
    expect([
      audience.size,
      audience.hasUser(users[0]!),
      [...audience.users()],
      audience.select(audience.everyone),
    ]).toEqual([0, false, [], []])
    expect(audience.viewersOf(state, channels[0]!.id).has(users[0]!)).toBe(false)
    expect(audience.viewersOf(state, channels[0]!.id).has(newId())).toBe(false)
  })
})

import { aChannel, aGuild, allowView, denyView, newId } from '@threshold/conformance/ports'
import { canView, type GuildState } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createAudience } from '../../src/guild/audience.ts'
import { subscriber } from './subscriber.ts'

/** Permissions that count for how many users they were asked. */
function counting(): Permissions & { computed: number } {
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

/** A guild of a hundred with three channels, of which the last is hidden from half of them. */
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
  it('sees what the rule lets it see, whoever comes, goes and changes', () => {
    const { state: first, users, channels } = crowd()
    const who = fc.nat(9)
    const step = fc.oneof(
      fc.record({
        kind: fc.constantFrom('come' as const, 'go' as const, 'own' as const),
        who,
        channel: fc.constant(0),
      }),
      fc.record({
        kind: fc.constantFrom('hide' as const, 'show' as const),
        who,
        channel: fc.nat(2),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        let state = first
        const audience = createAudience(typescriptPermissions())
        const present = users.slice(0, 10).map((user) => [subscriber(user)])
        for (const [one] of present) audience.add(state, one!)
        for (const each of steps) {
          const own = present[each.who]!
          const user = users[each.who]!
          if (each.kind === 'come') {
            own.push(subscriber(user))
            audience.add(state, own.at(-1)!)
          } else if (each.kind === 'go') {
            const gone = own.pop()
            if (gone) audience.remove(gone)
          } else if (each.kind === 'own') {
            state = { ...state, guild: { ...state.guild, ownerId: user } }
            audience.invalidate()
          } else {
            const channel = state.channels.get(channels[each.channel]!.id)!
            const overwrites = [
              ...channel.overwrites.filter(({ id }) => id !== user),
              (each.kind === 'hide' ? denyView : allowView)(user, 1),
            ]
            state = {
              ...state,
              channels: new Map(state.channels).set(channel.id, { ...channel, overwrites }),
            }
            audience.invalidate(channel.id)
          }
          for (const { id } of channels) {
            const there = users.slice(0, 10).filter((_, i) => present[i]!.length > 0)
            expect(new Set(audience.viewersOf(state, id))).toEqual(
              new Set(there.filter((u) => canView(state, u, id))),
            )
          }
          expect(audience.size).toBe(present.flat().length)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('computes a channel once for all, and then again only what has changed', () => {
    const permissions = counting()
    const { state, users, channels, secret } = crowd()
    const audience = createAudience(permissions)
    for (const user of users) audience.add(state, subscriber(user))
    expect(permissions.computed).toBe(0) // nobody has asked yet
    const askAll = (): void => {
      for (const user of users) for (const { id } of channels) audience.canView(state, user, id)
    }
    const cost = (work: () => void): number => {
      const before = permissions.computed
      work()
      askAll()
      return permissions.computed - before
    }
    expect(cost(() => {})).toBe(3 * users.length)
    expect(cost(() => {})).toBe(0)
    expect(cost(() => audience.invalidate(secret.id))).toBe(users.length)
    expect(cost(() => audience.refreshUser(state, users[7]!))).toBe(3)
    const second = subscriber(users[7]!)
    expect(cost(() => audience.add(state, second))).toBe(0) // another session of one who is there
    expect(cost(() => audience.remove(second))).toBe(0)
  })

  it('of thousands costs one computation for each who comes, however much is said in between', () => {
    const permissions = counting()
    const { state, users, channels } = crowd()
    const audience = createAudience(permissions)
    for (const user of users) {
      audience.add(state, subscriber(user))
      for (const { id } of channels) audience.canView(state, user, id) // a message in each channel after each reconnect
    }
    expect(permissions.computed).toBeLessThanOrEqual(3 * users.length)
  })

  it('forgets who goes: nothing of them is left to be told', () => {
    const { state, users, channels } = crowd()
    const audience = createAudience(typescriptPermissions())
    const [one, two] = [subscriber(users[0]!), subscriber(users[0]!)]
    for (const each of [one, two]) audience.add(state, each)
    audience.canView(state, users[0]!, channels[0]!.id)
    audience.remove(one)
    audience.remove(one)
    expect([audience.size, audience.hasUser(users[0]!), audience.sessionsOf(users[0]!)]).toEqual([
      1,
      true,
      [two],
    ])
    audience.remove(two)
    expect([
      audience.size,
      audience.hasUser(users[0]!),
      [...audience.users()],
      [...audience.subscribers()],
    ]).toEqual([0, false, [], []])
    expect(audience.canView(state, users[0]!, channels[0]!.id)).toBe(false)
    expect(audience.canView(state, newId(), channels[0]!.id)).toBe(false)
  })
})

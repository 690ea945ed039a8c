import { Permission } from '@threshold/contract'
import { type Channel, canView, type GuildState, type Overwrite } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aChannel, aGuild, aMember, aRole, newId } from './fixtures.ts'
import { factorySuite } from './suite.ts'

/** Bits that decide on visibility, and one that does not. */
const bits = fc
  .subarray([Permission.ViewChannel, Permission.Administrator, Permission.SendMessages], {
    maxLength: 2,
  })
  .map((set) => String(set.reduce((all, bit) => all | bit, 0n)))
/** Rarely administrator: it would hide the rules for all other permissions. */
const rolePermissions = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      '0',
      String(Permission.ViewChannel),
      String(Permission.SendMessages),
    ),
  },
  { weight: 1, arbitrary: bits },
)

interface Sample {
  readonly state: GuildState
  readonly channel: Channel
  /** Members and non-members, some of them twice. */
  readonly users: readonly string[]
}

/** A guild of up to 40 members with up to eight roles, and a channel with overwrites for them. */
const sample: fc.Arbitrary<Sample> = fc
  .record({
    everyone: rolePermissions,
    roles: fc.array(rolePermissions, { maxLength: 8, size: 'max' }),
    roleNumbers: fc.array(fc.array(fc.nat(7), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 40,
      size: 'max',
    }),
    overwrites: fc.array(
      fc.record({ role: fc.boolean(), which: fc.nat(41), allow: bits, deny: bits }),
      { maxLength: 8, size: 'max' },
    ),
    users: fc.array(fc.nat(45), { maxLength: 60, size: 'max' }),
  })
  .map(({ everyone, roles, roleNumbers, overwrites, users }) => {
    const { state, id } = aGuild(0)
    const allRoles = [
      aRole({ ...state.roles.get(id)!, permissions: everyone }),
      ...roles.map((permissions) => aRole({ permissions })),
    ]
    const members = roleNumbers.map((held) =>
      aMember(undefined, { roles: [...new Set(held)].flatMap((n) => allRoles[n + 1]?.id ?? []) }),
    )
    const allMembers = [...state.members.values(), ...members]
    const list = overwrites.map(({ role, which, allow, deny }): Overwrite => {
      const target = role
        ? allRoles[which % allRoles.length]!.id
        : allMembers[which % allMembers.length]!.user.id
      return { id: target, type: role ? 0 : 1, allow, deny }
    })
    const channel = aChannel(id, { overwrites: [...new Map(list.map((o) => [o.id, o])).values()] })
    return {
      channel,
      users: users.map((n) => allMembers[n]?.user.id ?? newId()),
      state: {
        guild: state.guild,
        roles: new Map(allRoles.map((r) => [r.id, r])),
        channels: new Map([[channel.id, channel]]),
        members: new Map(allMembers.map((m) => [m.user.id, m])),
      },
    }
  })

/** The contract of Permissions: results equal those of the rule for each user. */
export function testPermissions(name: string, make: () => Permissions): void {
  factorySuite(`${name} as permissions`, make, (open) => {
    describe('the viewers of a channel', () => {
      it('are exactly those who can view it by the rule', () =>
        fc.assert(
          fc.property(sample, ({ state, channel, users }) => {
            const viewers = open().viewers(state, channel.id, users)
            expect(new Set(viewers)).toEqual(
              new Set(users.filter((user) => canView(state, user, channel.id))),
            )
          }),
          { numRuns: 100 },
        ))

      it('change with the state, and are never those of another state', () =>
        fc.assert(
          fc.property(fc.array(sample, { minLength: 2, maxLength: 4 }), (samples) => {
            const permissions = open()
            for (const { state, channel } of [...samples, ...samples.toReversed()]) {
              const members = [...state.members.keys()]
              const viewers = permissions.viewers(state, channel.id, members)
              expect(new Set(viewers)).toEqual(
                new Set(members.filter((user) => canView(state, user, channel.id))),
              )
            }
          }),
          { numRuns: 20 },
        ))

      it('are empty for an unknown channel, and for no users', () => {
        const { state, text } = aGuild()
        expect(open().viewers(state, newId(), [...state.members.keys()]).size).toBe(0)
        expect(open().viewers(state, text.id, []).size).toBe(0)
      })
    })
  })
}

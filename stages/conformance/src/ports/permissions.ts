import { Permission } from '@threshold/contract'
import { type Channel, canView, type GuildState, type Overwrite } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aChannel, aGuild, aMember, aRole, newId } from './fixtures.ts'
import { factorySuite } from './suite.ts'

/** Bits that decide who sees a channel, and one that must not. */
const bits = fc
  .subarray([Permission.ViewChannel, Permission.Administrator, Permission.SendMessages], {
    maxLength: 2,
  })
  .map((set) => String(set.reduce((all, bit) => all | bit, 0n)))
/** An administrator now and then: where everybody is one, nothing else is tried. */
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
  /** Members and strangers, some of them twice. */
  readonly asked: readonly string[]
}

/**
 * A guild of up to 40 members who hold up to eight roles in any mixture, with a channel that
 * overwrites any of them.
 */
const sample: fc.Arbitrary<Sample> = fc
  .record({
    everyone: rolePermissions,
    roles: fc.array(rolePermissions, { maxLength: 8, size: 'max' }),
    holds: fc.array(fc.array(fc.nat(7), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 40,
      size: 'max',
    }),
    overwrites: fc.array(
      fc.record({ role: fc.boolean(), which: fc.nat(41), allow: bits, deny: bits }),
      { maxLength: 8, size: 'max' },
    ),
    asked: fc.array(fc.nat(45), { maxLength: 60, size: 'max' }),
  })
  .map(({ everyone, roles, holds, overwrites, asked }) => {
    const { state, id } = aGuild(0)
    const made = [
      aRole({ ...state.roles.get(id)!, permissions: everyone }),
      ...roles.map((permissions) => aRole({ permissions })),
    ]
    const members = holds.map((held) =>
      aMember(undefined, { roles: [...new Set(held)].flatMap((n) => made[n + 1]?.id ?? []) }),
    )
    const everybody = [...state.members.values(), ...members]
    const list = overwrites.map(({ role, which, allow, deny }): Overwrite => {
      const target = role
        ? made[which % made.length]!.id
        : everybody[which % everybody.length]!.user.id
      return { id: target, type: role ? 0 : 1, allow, deny }
    })
    const channel = aChannel(id, { overwrites: [...new Map(list.map((o) => [o.id, o])).values()] })
    return {
      channel,
      asked: asked.map((n) => everybody[n]?.user.id ?? newId()),
      state: {
        guild: state.guild,
        roles: new Map(made.map((r) => [r.id, r])),
        channels: new Map([[channel.id, channel]]),
        members: new Map(everybody.map((m) => [m.user.id, m])),
      },
    }
  })

/**
 * The laws of whole-guild permission computation: whatever it does to be quick, the answer is that
 * of the rule, one by one.
 */
export function testPermissions(name: string, make: () => Permissions): void {
  factorySuite(`${name} as permissions`, make, (open) => {
    describe('the viewers of a channel', () => {
      it('are those of the asked whom the rule lets view it, and nobody else', () =>
        fc.assert(
          fc.property(sample, ({ state, channel, asked }) => {
            const viewers = open().viewers(state, channel.id, asked)
            expect(new Set(viewers)).toEqual(
              new Set(asked.filter((user) => canView(state, user, channel.id))),
            )
          }),
          { numRuns: 100 },
        ))

      it('change with the state: an answer is never left over from another one', () =>
        fc.assert(
          fc.property(fc.array(sample, { minLength: 2, maxLength: 4 }), (samples) => {
            const permissions = open()
            for (const { state, channel } of [...samples, ...samples.toReversed()]) {
              const users = [...state.members.keys()]
              const viewers = permissions.viewers(state, channel.id, users)
              expect(new Set(viewers)).toEqual(
                new Set(users.filter((user) => canView(state, user, channel.id))),
              )
            }
          }),
          { numRuns: 20 },
        ))

      it('are none where there is no such channel, or nobody was asked about', () => {
        const { state, text } = aGuild()
        expect(open().viewers(state, newId(), [...state.members.keys()]).size).toBe(0)
        expect(open().viewers(state, text.id, []).size).toBe(0)
      })
    })
  })
}

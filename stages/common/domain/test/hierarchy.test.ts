import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { highestRole, isAboveMember, isAboveRole } from '../src/index.ts'
import { guildState, user } from './arbitraries.ts'
import { aGuild, aMember, aRole, GUILD, OWNER } from './fixtures.ts'

describe('the hierarchy', () => {
  it('is irreflexive, asymmetric and transitive among members', () => {
    fc.assert(
      fc.property(guildState, user, user, user, (state, x, y, z) => {
        const above = (a: string, b: string): boolean =>
          isAboveMember(state, state.members.get(a)!, state.members.get(b)!)
        expect(above(x, x)).toBe(false)
        expect(above(x, y) && above(y, x)).toBe(false)
        if (above(x, y) && above(y, z)) expect(above(x, z)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('has the owner above every member and every role', () => {
    fc.assert(
      fc.property(guildState, user, (state, other) => {
        fc.pre(other !== OWNER)
        const owner = state.members.get(OWNER)!
        expect(isAboveMember(state, owner, state.members.get(other)!)).toBe(true)
        expect(isAboveMember(state, state.members.get(other)!, owner)).toBe(false)
        for (const role of state.roles.values()) expect(isAboveRole(state, owner, role)).toBe(true)
      }),
    )
  })

  it('has no member but the owner above their own highest role', () => {
    fc.assert(
      fc.property(guildState, user, (state, id) => {
        const member = state.members.get(id)!
        const top = highestRole(state, member)
        fc.pre(id !== OWNER && top !== undefined)
        expect(isAboveRole(state, member, top!)).toBe(false)
      }),
    )
  })

  it('ranks a role like a member who has only this role', () => {
    fc.assert(
      fc.property(
        guildState,
        user,
        fc.constantFrom('31', '32', '33', '34', '35'),
        (state, id, role) => {
          const member = state.members.get(id)!
          expect(isAboveRole(state, member, state.roles.get(role)!)).toBe(
            isAboveMember(state, member, aMember('29', [role])),
          )
        },
      ),
    )
  })

  it('orders by position, and the older role higher at the same position', () => {
    const state = aGuild({ roles: [aRole('31', 2), aRole('32', 2), aRole('33', 3)] })
    const member = (...roles: string[]) => aMember('21', roles)
    expect(highestRole(state, member('32', '31'))?.id).toBe('31')
    expect(highestRole(state, member('31', '33'))?.id).toBe('33')
    expect(isAboveRole(state, member('31'), state.roles.get('32')!)).toBe(true)
    expect(isAboveRole(state, member('32'), state.roles.get('31')!)).toBe(false)
  })

  it('has a member without roles above no other, and ignores roles that do not exist', () => {
    const state = aGuild({ roles: [aRole('31', 1)] })
    expect(highestRole(state, aMember('21', ['38']))).toBeUndefined()
    expect(isAboveMember(state, aMember('21'), aMember('22'))).toBe(false)
    expect(isAboveRole(state, aMember('21'), state.roles.get(GUILD)!)).toBe(false)
  })
})

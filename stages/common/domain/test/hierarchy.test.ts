import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { highestRole, isAboveMember, isAboveRole } from '../src/index.ts'
import { guildState, user } from './arbitraries.ts'
import { aGuild, aMember, aRole, GUILD, OWNER } from './fixtures.ts'

describe('the hierarchy', () => {
  it('is a strict order among members: none above themselves, no two above each other, and it carries on', () => {
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

  it('has the owner above every member and every role, and nobody above the owner', () => {
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

  it('has nobody but the owner above their own highest role', () => {
    fc.assert(
      fc.property(guildState, user, (state, id) => {
        const member = state.members.get(id)!
        const top = highestRole(state, member)
        fc.pre(id !== OWNER && top !== undefined)
        expect(isAboveRole(state, member, top!)).toBe(false)
      }),
    )
  })

  it('says the same of a role and of a member who has it alone', () => {
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

  it('is by position, and by age where positions are the same: the older role is higher', () => {
    const state = aGuild({ roles: [aRole('31', 2), aRole('32', 2), aRole('33', 3)] })
    const member = (...roles: string[]) => aMember('21', roles)
    expect(highestRole(state, member('32', '31'))?.id).toBe('31')
    expect(highestRole(state, member('31', '33'))?.id).toBe('33')
    expect(isAboveRole(state, member('31'), state.roles.get('32')!)).toBe(true)
    expect(isAboveRole(state, member('32'), state.roles.get('31')!)).toBe(false)
  })

  it('puts who has no role above nobody, and does not count roles that are gone', () => {
    const state = aGuild({ roles: [aRole('31', 1)] })
    expect(highestRole(state, aMember('21', ['38']))).toBeUndefined()
    expect(isAboveMember(state, aMember('21'), aMember('22'))).toBe(false)
    expect(isAboveRole(state, aMember('21'), state.roles.get(GUILD)!)).toBe(false)
  })
})

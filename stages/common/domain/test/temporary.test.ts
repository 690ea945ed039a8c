import { describe, expect, it } from 'vitest'
import { decide, evolve, type GuildCommand, type GuildState } from '../src/index.ts'
import { aGuild, aMember, aRole, aUser, OWNER } from './fixtures.ts'

const given = aGuild({
  roles: [aRole('31', 1)],
  members: [aMember('21', [], { temporary: true }), aMember('22')],
})
const after = (state: GuildState, ...commands: GuildCommand[]): GuildState =>
  commands.reduce((now, command) => {
    const decision = decide(now, command)
    if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
    return decision.events.reduce(evolve, now)
  }, state)
const expire = (userId: string, by = userId): GuildCommand => ({
  type: 'member.expire',
  by,
  userId,
})
const join = (roles: readonly string[]): GuildCommand => ({
  type: 'member.add',
  by: OWNER,
  user: aUser('29'),
  nick: null,
  roles,
  joinedAt: 0,
  invited: true,
  temporary: true,
})

describe('a temporary membership', () => {
  it('starts with the invite, and ends when it expires', () => {
    const joined = after(given, join([]))
    expect(joined.members.get('29')).toMatchObject({ temporary: true })
    expect(after(joined, expire('29')).members.has('29')).toBe(false)
  })

  it.each([
    ['comes with the invite', (state: GuildState) => after(state, join(['31'])), '29'],
    [
      'is added',
      (state: GuildState) =>
        after(state, { type: 'member.role', by: OWNER, userId: '21', roleId: '31', has: true }),
      '21',
    ],
    [
      'is in an edit',
      (state: GuildState) =>
        after(state, { type: 'member.edit', by: OWNER, userId: '21', patch: { roles: ['31'] } }),
      '21',
    ],
  ])('becomes permanent once a role %s', (_how, change, userId) => {
    const settled = change(given)
    expect(settled.members.get(userId)).not.toHaveProperty('temporary')
    const bare = after(
      settled,
      { type: 'member.edit', by: OWNER, userId, patch: { roles: [] } },
      expire(userId),
    )
    expect(bare.members.has(userId)).toBe(true)
  })

  it('stays temporary with a new nickname', () => {
    const renamed = after(given, {
      type: 'member.edit',
      by: OWNER,
      userId: '21',
      patch: { nick: 'nick' },
    })
    expect(renamed.members.get('21')).toMatchObject({ nick: 'nick', temporary: true })
  })

  it('does not expire by another member’s command, nor for permanent members and the owner', () => {
    expect(after(given, expire('21', '22')).members.has('21')).toBe(true)
    expect(after(given, expire('22')).members.has('22')).toBe(true)
    const owner = after(given, { type: 'guild.edit', by: OWNER, patch: { ownerId: '21' } })
    expect(after(owner, expire('21')).members.has('21')).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { type GuildCommand, LIMITS } from '../src/index.ts'
import { aGuild, aMember, aRole, bits, GUILD, OWNER } from './fixtures.ts'
import { after, refusal } from './moderated-guild.ts'

describe('a role', () => {
  const make = (by: string, permissions = '0'): GuildCommand => ({
    type: 'role.create',
    by,
    role: aRole('39', 7, permissions),
  })
  const edit = (by: string, roleId: string, patch: object): GuildCommand => ({
    type: 'role.edit',
    by,
    roleId,
    patch,
  })
  const move = (by: string, id: string, position: number): GuildCommand => ({
    type: 'roles.move',
    by,
    moves: [{ id, position }],
  })

  it.each([
    ['is created by a member with MANAGE_ROLES', make('22'), 'done'],
    ['is not created without MANAGE_ROLES', make('23'), 'no-permission'],
    ['is not created by a non-member', make('29'), 'no-access'],
    [
      'is not created with a permission that its creator lacks',
      make('22', bits('KickMembers')),
      'no-permission',
    ],
    ['is created by the owner with any permission', make(OWNER, bits('Administrator')), 'done'],
    ['is edited by a member above it', edit('21', '32', { name: 'x' }), 'done'],
    [
      'is not edited by a member with the same role',
      edit('21', '31', { name: 'x' }),
      'no-permission',
    ],
    ['is not edited by a member below it', edit('22', '31', { name: 'x' }), 'no-permission'],
    ['must exist to be edited', edit('21', '38', { name: 'x' }), 'unknown-role'],
    [
      'gains a permission that its editor has',
      edit('21', '33', { permissions: bits('SendMessages') }),
      'done',
    ],
    [
      'gains no permission that its editor lacks',
      edit('21', '33', { permissions: bits('BanMembers') }),
      'no-permission',
    ],
    ['is deleted by a member above it', { type: 'role.delete', by: '21', roleId: '32' }, 'done'],
    [
      'is not deleted by a member below it',
      { type: 'role.delete', by: '22', roleId: '31' },
      'no-permission',
    ],
    [
      'is never deleted if it is @everyone',
      { type: 'role.delete', by: OWNER, roleId: GUILD },
      'invalid-role',
    ],
    ['must exist to be deleted', { type: 'role.delete', by: '21', roleId: '38' }, 'unknown-role'],
    ['moves to a position below the mover', move('21', '33', 4), 'done'],
    ['does not move to the position of the mover', move('21', '33', 5), 'no-permission'],
    ['does not move above the mover', move('21', '33', 8), 'no-permission'],
    ['does not move if it is above the mover', move('22', '31', 1), 'no-permission'],
    ['keeps its position in a move that changes nothing', move('22', '31', 5), 'nothing'],
    ['never moves below @everyone', move(OWNER, '33', 0), 'invalid-role'],
    ['never moves if it is @everyone', move(OWNER, GUILD, 1), 'invalid-role'],
    ['must exist to be moved', move(OWNER, '38', 1), 'unknown-role'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('starts at the bottom, and is created once', () => {
    const once = after(make('22'))
    expect(once.roles.get('39')).toMatchObject({ position: 1 })
    expect(refusal(make('22'), once)).toBe('nothing')
  })

  it('changes position only by moves, and @everyone keeps its name and position', () => {
    expect(after(edit('21', '33', { color: 5, position: 99 })).roles.get('33')).toMatchObject({
      color: 5,
      position: 2,
      name: 'role33',
    })
    const everyone = after(
      edit('21', GUILD, { name: 'x', position: 3, permissions: '0' }),
    ).roles.get(GUILD)
    expect(everyone).toMatchObject({ name: '@everyone', position: 0, permissions: '0' })
  })

  it('keeps a permission that its editor lacks', () => {
    const strong = aGuild({
      roles: [aRole('31', 5, bits('ManageRoles')), aRole('33', 2, bits('BanMembers'))],
      members: [aMember('21', ['31'])],
    })
    expect(
      refusal(edit('21', '33', { permissions: bits('BanMembers', 'ManageRoles') }), strong),
    ).toBe('done')
  })

  it('is removed from its members when it is deleted', () => {
    const left = after({ type: 'role.delete', by: '21', roleId: '33' })
    expect(left.roles.has('33')).toBe(false)
    expect(left.members.get('23')!.roles).toEqual([])
  })

  it('is refused beyond 250 roles', () => {
    const full = aGuild({
      roles: Array.from({ length: LIMITS.roles - 1 }, (_, i) => aRole(String(3_000 + i), 1)),
    })
    expect(refusal(make(OWNER), full)).toBe('too-many')
  })
})

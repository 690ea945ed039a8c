import { describe, expect, it } from 'vitest'
import {
  decide,
  evolve,
  type GuildCommand,
  type GuildState,
  LIMITS,
  type MemberPatch,
} from '../src/index.ts'
import { aGuild, aMember, aRole, aUser, bits, GUILD, OWNER } from './fixtures.ts'

/**
 * From the top: owner 20, moderator 21 (role 31), helper 22 (role 32), and 23, who has role 33
 * without a permission.
 */
const given = aGuild({
  everyone: bits('ViewChannel', 'ChangeNickname', 'CreateInstantInvite'),
  roles: [
    aRole('30', 9, bits('Administrator')),
    aRole(
      '31',
      5,
      bits('ManageRoles', 'KickMembers', 'ManageNicknames', 'MuteMembers', 'SendMessages'),
    ),
    aRole('32', 3, bits('ManageRoles')),
    aRole('33', 2),
  ],
  members: [aMember('21', ['31']), aMember('22', ['32']), aMember('23', ['33'])],
})

const refusal = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  return decision.ok ? (decision.events.length === 0 ? 'nothing' : 'done') : decision.refusal
}
const after = (command: GuildCommand, state: GuildState = given): GuildState => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events.reduce(evolve, state)
}

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
    ['is made by who may manage roles', make('22'), 'done'],
    ['not by others', make('23'), 'no-permission'],
    ['nor by strangers', make('29'), 'no-access'],
    ['with no more than its maker has', make('22', bits('KickMembers')), 'no-permission'],
    ['by the owner with anything', make(OWNER, bits('Administrator')), 'done'],
    ['is edited from above', edit('21', '32', { name: 'x' }), 'done'],
    ['not from the same place', edit('21', '31', { name: 'x' }), 'no-permission'],
    ['nor from below', edit('22', '31', { name: 'x' }), 'no-permission'],
    ['has to be there', edit('21', '38', { name: 'x' }), 'unknown-role'],
    ['gains what its editor has', edit('21', '33', { permissions: bits('SendMessages') }), 'done'],
    ['and no more', edit('21', '33', { permissions: bits('BanMembers') }), 'no-permission'],
    ['is deleted from above', { type: 'role.delete', by: '21', roleId: '32' }, 'done'],
    ['not from below', { type: 'role.delete', by: '22', roleId: '31' }, 'no-permission'],
    [
      'unless it is @everyone, which stays',
      { type: 'role.delete', by: OWNER, roleId: GUILD },
      'invalid-role',
    ],
    [
      'has to be there to be deleted',
      { type: 'role.delete', by: '21', roleId: '38' },
      'unknown-role',
    ],
    ['moves below who moves it', move('21', '33', 4), 'done'],
    ['not to their height', move('21', '33', 5), 'no-permission'],
    ['nor above', move('21', '33', 8), 'no-permission'],
    ['nor from above', move('22', '31', 1), 'no-permission'],
    ['stays where it is for everybody', move('22', '31', 5), 'nothing'],
    ['never goes under @everyone', move(OWNER, '33', 0), 'invalid-role'],
    ['nor does @everyone rise', move(OWNER, GUILD, 1), 'invalid-role'],
    ['has to be there to be moved', move(OWNER, '38', 1), 'unknown-role'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('is new at the bottom, outranks nobody, and is made once', () => {
    const once = after(make('22'))
    expect(once.roles.get('39')).toMatchObject({ position: 1 })
    expect(refusal(make('22'), once)).toBe('nothing')
  })

  it('has its place from moves alone, and @everyone its name and place for good', () => {
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

  it('keeps what it had though its editor lacks it', () => {
    const strong = aGuild({
      roles: [aRole('31', 5, bits('ManageRoles')), aRole('33', 2, bits('BanMembers'))],
      members: [aMember('21', ['31'])],
    })
    expect(
      refusal(edit('21', '33', { permissions: bits('BanMembers', 'ManageRoles') }), strong),
    ).toBe('done')
  })

  it('goes from everybody who has it when it is deleted', () => {
    const left = after({ type: 'role.delete', by: '21', roleId: '33' })
    expect(left.roles.has('33')).toBe(false)
    expect(left.members.get('23')!.roles).toEqual([])
  })

  it('is one of 250 at the most', () => {
    const full = aGuild({
      roles: Array.from({ length: LIMITS.roles - 1 }, (_, i) => aRole(String(3_000 + i), 1)),
    })
    expect(refusal(make(OWNER), full)).toBe('too-many')
  })
})

describe('a member', () => {
  const add = (
    by: string,
    roles: string[] = [],
    nick: string | null = null,
    invited = false,
  ): GuildCommand => ({
    type: 'member.add',
    by,
    user: aUser('28'),
    nick,
    roles,
    joinedAt: 5,
    invited,
  })
  const edit = (by: string, userId: string, patch: MemberPatch): GuildCommand => ({
    type: 'member.edit',
    by,
    userId,
    patch,
  })
  const role = (by: string, userId: string, roleId: string, has = true): GuildCommand => ({
    type: 'member.role',
    by,
    userId,
    roleId,
    has,
  })
  const remove = (by: string, userId: string): GuildCommand => ({
    type: 'member.remove',
    by,
    userId,
  })

  it.each([
    ['is brought in by who may invite', add('23'), 'done'],
    ['comes by an invite on their own', add('28', [], null, true), 'done'],
    ['does not come without', add('28'), 'no-access'],
    ['brings no roles by an invite', add('28', ['33'], null, true), 'no-permission'],
    ['gets roles only from who may manage them', add('23', ['33']), 'no-permission'],
    ['and stands above them', add('22', ['31']), 'no-permission'],
    ['and then does', add('21', ['33']), 'done'],
    ['gets a nickname only from who may give one', add('23', [], 'nick'), 'no-permission'],
    ['and then does', add('21', [], 'nick'), 'done'],
    ['changes their own nickname', edit('23', '23', { nick: 'me' }), 'done'],
    ['not another’s', edit('23', '22', { nick: 'you' }), 'no-permission'],
    ['gets one from above', edit('21', '23', { nick: 'you' }), 'done'],
    ['not from below', edit('21', OWNER, { nick: 'you' }), 'no-permission'],
    ['is muted by who may mute', edit('21', '23', { mute: true }), 'done'],
    ['not by others', edit('22', '23', { mute: true }), 'no-permission'],
    ['is deafened by who may deafen', edit('21', '23', { deaf: true }), 'no-permission'],
    ['gets roles from above', edit('21', '23', { roles: ['32', '33'] }), 'done'],
    ['not roles that are gone', edit('21', '23', { roles: ['38'] }), 'unknown-role'],
    ['nor @everyone, whom all have', edit('21', '23', { roles: [GUILD] }), 'unknown-role'],
    ['keeps a role of the giver’s height', edit('22', '21', { roles: [] }), 'no-permission'],
    ['has to be there', edit('21', '29', { nick: 'x' }), 'unknown-member'],
    ['gets one role', role('21', '23', '32'), 'done'],
    ['which they may have already', role('21', '23', '33'), 'nothing'],
    ['not from below', role('22', '23', '31'), 'no-permission'],
    ['nor administrator from a moderator', role('21', '21', '30'), 'no-permission'],
    ['nor @everyone', role(OWNER, '23', GUILD), 'unknown-role'],
    ['nor a role that is gone', role(OWNER, '23', '38'), 'unknown-role'],
    ['loses one role', role('21', '23', '33', false), 'done'],
    ['is kicked from above', remove('21', '23'), 'done'],
    ['not without the permission', remove('22', '23'), 'no-permission'],
    ['nor from below', remove('21', OWNER), 'no-permission'],
    ['leaves whenever they like', remove('23', '23'), 'done'],
    ['unless the guild is theirs', remove(OWNER, OWNER), 'no-permission'],
    ['has to be there to be kicked', remove('21', '29'), 'unknown-member'],
    ['is nothing to strangers', remove('29', '23'), 'no-access'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it.each([
    ['is not muted', edit(OWNER, '23', { mute: true }), 'not-in-call'],
    ['nor deafened', edit(OWNER, '23', { deaf: false }), 'not-in-call'],
    ['which who may not is told first', edit('22', '23', { mute: true }), 'no-permission'],
    ['may change otherwise', edit('21', '23', { nick: 'you' }), 'done'],
  ] satisfies [string, GuildCommand, string][])('outside a call %s', (_rule, command, outcome) => {
    const decision = decide(given, command, () => false)
    expect(decision.ok ? 'done' : decision.refusal).toBe(outcome)
  })

  it('joins once: who is there already stays as they are', () => {
    const once = after(add('21', ['33'], 'nick'))
    expect(once.members.get('28')).toEqual(aMember('28', ['33'], { nick: 'nick', joinedAt: 5 }))
    expect(refusal(add('21'), once)).toBe('nothing')
  })

  it('changes in what the patch says and nothing else', () => {
    expect(after(edit('21', '23', { nick: 'x' })).members.get('23')).toEqual(
      aMember('23', ['33'], { nick: 'x' }),
    )
    expect(after(edit('21', '23', { roles: ['32', '32'] })).members.get('23')).toEqual(
      aMember('23', ['32']),
    )
    expect(after(role('21', '23', '32')).members.get('23')!.roles).toEqual(['33', '32'])
  })

  it('is the same for a kick by two equals: neither reaches the other', () => {
    const equals = aGuild({
      roles: [aRole('31', 5, bits('KickMembers'))],
      members: [aMember('21', ['31']), aMember('22', ['31'])],
    })
    expect(refusal(remove('21', '22'), equals)).toBe('no-permission')
    expect(refusal(remove('22', '21'), equals)).toBe('no-permission')
  })
})

import { describe, expect, it } from 'vitest'
import { decide, type GuildCommand, type MemberPatch } from '../src/index.ts'
import { aGuild, aMember, aRole, aUser, bits, GUILD, OWNER } from './fixtures.ts'
import { after, given, refusal } from './moderated-guild.ts'

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
    ['is added by a member who may invite', add('23'), 'done'],
    ['joins by an invite', add('28', [], null, true), 'done'],
    ['does not join without an invite', add('28'), 'no-access'],
    ['gets no roles by an invite', add('28', ['33'], null, true), 'no-permission'],
    [
      'is not added with roles by a member without MANAGE_ROLES',
      add('23', ['33']),
      'no-permission',
    ],
    ['is not added with a role above the requester', add('22', ['31']), 'no-permission'],
    ['is added with a role below the requester', add('21', ['33']), 'done'],
    [
      'is not added with a nickname by a member without MANAGE_NICKNAMES',
      add('23', [], 'nick'),
      'no-permission',
    ],
    ['is added with a nickname by a member with MANAGE_NICKNAMES', add('21', [], 'nick'), 'done'],
    ['changes their own nickname', edit('23', '23', { nick: 'me' }), 'done'],
    [
      'does not change the nickname of another without MANAGE_NICKNAMES',
      edit('23', '22', { nick: 'you' }),
      'no-permission',
    ],
    ['gets a nickname from a member above', edit('21', '23', { nick: 'you' }), 'done'],
    ['gets no nickname from a member below', edit('21', OWNER, { nick: 'you' }), 'no-permission'],
    ['is muted by a member with MUTE_MEMBERS', edit('21', '23', { mute: true }), 'done'],
    ['is not muted without MUTE_MEMBERS', edit('22', '23', { mute: true }), 'no-permission'],
    ['is not deafened without DEAFEN_MEMBERS', edit('21', '23', { deaf: true }), 'no-permission'],
    ['gets roles from a member above them', edit('21', '23', { roles: ['32', '33'] }), 'done'],
    ['gets no role that does not exist', edit('21', '23', { roles: ['38'] }), 'unknown-role'],
    ['is not assigned @everyone', edit('21', '23', { roles: [GUILD] }), 'unknown-role'],
    [
      'keeps a role at the position of the requester',
      edit('22', '21', { roles: [] }),
      'no-permission',
    ],
    ['must exist to be edited', edit('21', '29', { nick: 'x' }), 'unknown-member'],
    ['gets one role', role('21', '23', '32'), 'done'],
    ['gets a role they have without an event', role('21', '23', '33'), 'nothing'],
    ['gets no role above the requester', role('22', '23', '31'), 'no-permission'],
    ['gets no administrator role from a moderator', role('21', '21', '30'), 'no-permission'],
    ['does not get @everyone as one role', role(OWNER, '23', GUILD), 'unknown-role'],
    ['does not get one role that does not exist', role(OWNER, '23', '38'), 'unknown-role'],
    ['loses one role', role('21', '23', '33', false), 'done'],
    ['is kicked by a member above', remove('21', '23'), 'done'],
    ['is not kicked without KICK_MEMBERS', remove('22', '23'), 'no-permission'],
    ['is not kicked by a member below', remove('21', OWNER), 'no-permission'],
    ['leaves at any time', remove('23', '23'), 'done'],
    ['does not leave as the owner', remove(OWNER, OWNER), 'no-permission'],
    ['must exist to be kicked', remove('21', '29'), 'unknown-member'],
    ['is not removed by a non-member', remove('29', '23'), 'no-access'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it.each([
    ['is not muted', edit(OWNER, '23', { mute: true }), 'not-in-call'],
    ['is not deafened', edit(OWNER, '23', { deaf: false }), 'not-in-call'],
    [
      'is refused for the missing permission first',
      edit('22', '23', { mute: true }),
      'no-permission',
    ],
    ['gets a nickname', edit('21', '23', { nick: 'you' }), 'done'],
  ] satisfies [string, GuildCommand, string][])('outside a call %s', (_rule, command, outcome) => {
    const decision = decide(given, command, () => false)
    expect(decision.ok ? 'done' : decision.refusal).toBe(outcome)
  })

  it('joins once and is left unchanged when added again', () => {
    const once = after(add('21', ['33'], 'nick'))
    expect(once.members.get('28')).toEqual(aMember('28', ['33'], { nick: 'nick', joinedAt: 5 }))
    expect(refusal(add('21'), once)).toBe('nothing')
  })

  it('changes only in the fields of the patch', () => {
    expect(after(edit('21', '23', { nick: 'x' })).members.get('23')).toEqual(
      aMember('23', ['33'], { nick: 'x' }),
    )
    expect(after(edit('21', '23', { roles: ['32', '32'] })).members.get('23')).toEqual(
      aMember('23', ['32']),
    )
    expect(after(role('21', '23', '32')).members.get('23')!.roles).toEqual(['33', '32'])
  })

  it('cannot kick a member of the same position', () => {
    const equals = aGuild({
      roles: [aRole('31', 5, bits('KickMembers'))],
      members: [aMember('21', ['31']), aMember('22', ['31'])],
    })
    expect(refusal(remove('21', '22'), equals)).toBe('no-permission')
    expect(refusal(remove('22', '21'), equals)).toBe('no-permission')
  })
})

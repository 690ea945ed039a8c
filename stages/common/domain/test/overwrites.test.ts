import { describe, expect, it } from 'vitest'
import {
  compensatingEvents,
  decide,
  evolve,
  type GuildCommand,
  type GuildState,
  type Overwrite,
} from '../src/index.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  GUILD,
  memberOverwrite,
  OWNER,
  roleOverwrite,
} from './fixtures.ts'

const MM = bits('ManageMessages')
const MR = bits('ManageRoles')

/**
 * Member 21 manages roles and channels of the guild, 22 is an administrator, 23 has role 33, and 24
 * has nothing.
 */
function guildWith(
  overwrites: readonly Overwrite[],
  category: readonly Overwrite[] = [],
): GuildState {
  return aGuild({
    everyone: bits('ViewChannel', 'SendMessages'),
    roles: [
      aRole('31', 3, bits('ManageChannels', 'ManageRoles')),
      aRole('32', 2, bits('Administrator')),
      aRole('33', 1),
    ],
    channels: [
      aChannel('41', overwrites, { parentId: '42' }),
      aChannel('42', category, { type: 4 }),
    ],
    members: [aMember('21', ['31']), aMember('22', ['32']), aMember('23', ['33']), aMember('24')],
  })
}

const refusal = (command: GuildCommand, state: GuildState): string => {
  const decision = decide(state, command)
  return decision.ok ? 'done' : decision.refusal
}
const put = (by: string, overwrite: Overwrite): GuildCommand => ({
  type: 'overwrite.put',
  by,
  channelId: '41',
  overwrite,
})
const patch = (by: string, overwrites: readonly Overwrite[]): GuildCommand => ({
  type: 'channel.edit',
  by,
  channelId: '41',
  patch: { overwrites },
})
const create = (by: string, overwrites: readonly Overwrite[]): GuildCommand => ({
  type: 'channel.create',
  by,
  channel: aChannel('49', overwrites),
})

describe('the type of an overwrite', () => {
  it('counts as a change: the old entry is removed and a new one added', () => {
    const silenced = guildWith([roleOverwrite('31', MM), memberOverwrite('21', '0', MM)])
    expect(
      refusal(patch('21', [roleOverwrite('31', MM), roleOverwrite('21', '0', MM)]), silenced),
    ).toBe('no-permission')
    expect(refusal(put('21', roleOverwrite('21', '0', MM)), silenced)).toBe('no-permission')
    const allowed = guildWith([roleOverwrite('33', MM)])
    expect(refusal(put('21', memberOverwrite('33', MM)), allowed)).toBe('no-permission')
    expect(refusal(patch('21', [memberOverwrite('33', MM)]), allowed)).toBe('no-permission')
  })

  it('cannot be changed by a member without power over MANAGE_ROLES', () => {
    const denied = guildWith([memberOverwrite('21', '0', bits('SendMessages'))])
    expect(refusal(patch('21', [roleOverwrite('21', '0', bits('SendMessages'))]), denied)).toBe(
      'no-permission',
    )
    expect(refusal(put('21', roleOverwrite('21', '0', bits('SendMessages'))), denied)).toBe(
      'no-permission',
    )
    expect(
      refusal({ type: 'overwrite.delete', by: '21', channelId: '41', targetId: '21' }, denied),
    ).toBe('done')
  })

  it('must match the target, also for the owner', () => {
    expect(
      refusal(put(OWNER, memberOverwrite('33', MM)), guildWith([roleOverwrite('33', MM)])),
    ).toBe('unknown-user')
    expect(refusal(put(OWNER, memberOverwrite(GUILD)), guildWith([]))).toBe('unknown-user')
    expect(refusal(put(OWNER, roleOverwrite('23')), guildWith([]))).toBe('unknown-role')
  })
})

describe('an overwrite', () => {
  it.each([
    [
      'may hold a permission that its author has in the guild',
      put('21', roleOverwrite('33', bits('SendMessages'))),
      [],
      [],
      'done',
    ],
    [
      'may not hold a permission that only the channel allows its author',
      put('21', memberOverwrite('24', MM)),
      [memberOverwrite('21', MM)],
      [],
      'no-permission',
    ],
    [
      'may hold a permission that the category allows its author',
      put('21', memberOverwrite('24', MM)),
      [],
      [memberOverwrite('21', MM)],
      'done',
    ],
    [
      'may hold anything if the channel allows its author MANAGE_ROLES',
      put('24', memberOverwrite('23', MM)),
      [memberOverwrite('24', MR)],
      [],
      'done',
    ],
    [
      'may hold anything if the channel allows a role of its author MANAGE_ROLES',
      put('23', memberOverwrite('24', MM)),
      [roleOverwrite('33', MR)],
      [],
      'done',
    ],
    [
      'may hold MANAGE_ROLES if the channel allows its author MANAGE_ROLES',
      put('24', memberOverwrite('23', MR)),
      [memberOverwrite('24', MR)],
      [],
      'done',
    ],
    [
      'may not hold more if another entry denies its author MANAGE_ROLES',
      put('23', memberOverwrite('24', MM)),
      [roleOverwrite('33', MR), memberOverwrite('23', '0', MR)],
      [],
      'no-permission',
    ],
    [
      'may not hold MANAGE_ROLES if its author has it only in the guild',
      put('21', memberOverwrite('21', MR)),
      [],
      [],
      'no-permission',
    ],
    [
      'may hold MANAGE_ROLES by an administrator',
      put('22', memberOverwrite('21', MR)),
      [],
      [],
      'done',
    ],
  ] satisfies [string, GuildCommand, Overwrite[], Overwrite[], string][])(
    '%s',
    (_rule, command, overwrites, category, outcome) =>
      expect(refusal(command, guildWith(overwrites, category))).toBe(outcome),
  )

  it.each([
    [
      'does not allow MANAGE_ROLES by a manager',
      create('21', [memberOverwrite('21', MR)]),
      'no-permission',
    ],
    [
      'does not deny MANAGE_ROLES by a manager',
      create('21', [roleOverwrite('33', '0', MR)]),
      'no-permission',
    ],
    ['allows MANAGE_ROLES by an administrator', create('22', [memberOverwrite('21', MR)]), 'done'],
    ['allows MANAGE_ROLES by the owner', create(OWNER, [memberOverwrite('21', MR)]), 'done'],
    [
      'has no overwrite for a role that does not exist',
      create(OWNER, [roleOverwrite('39')]),
      'unknown-role',
    ],
    ['has no overwrite for a non-member', create(OWNER, [memberOverwrite('29')]), 'unknown-user'],
  ] satisfies [string, GuildCommand, string][])('a new channel %s', (_rule, command, outcome) =>
    expect(refusal(command, guildWith([]))).toBe(outcome),
  )

  it('must have an existing target, also in a list', () => {
    expect(refusal(patch(OWNER, [roleOverwrite('39')]), guildWith([]))).toBe('unknown-role')
    expect(refusal(patch(OWNER, [memberOverwrite('29')]), guildWith([]))).toBe('unknown-user')
  })

  it('may stay for a member who has left', () => {
    const left = guildWith([memberOverwrite('29', bits('SendMessages'))])
    expect(
      refusal(
        patch('21', [memberOverwrite('29', bits('SendMessages')), memberOverwrite('24')]),
        left,
      ),
    ).toBe('done')
  })
})

describe('a deleted role', () => {
  const state = guildWith(
    [roleOverwrite('33', MM), memberOverwrite('24', MM)],
    [roleOverwrite('33', MM)],
  )
  const decision = decide(state, { type: 'role.delete', by: OWNER, roleId: '33' })
  const events = decision.ok ? decision.events : []

  it('is removed from the overwrites of all channels', () => {
    const after = events.reduce(evolve, state)
    expect(after.channels.get('41')!.overwrites).toEqual([memberOverwrite('24', MM)])
    expect(after.channels.get('42')!.overwrites).toEqual([])
    expect(events.map((event) => event.type)).toEqual([
      'role.deleted',
      'channel.updated',
      'channel.updated',
    ])
  })

  it('is restored with them when the store failed', () => {
    for (let written = 0; written <= events.length; written++) {
      const partly = events.slice(0, written).reduce(evolve, state)
      expect(compensatingEvents(state, events).reduce(evolve, partly)).toEqual(state)
    }
  })
})

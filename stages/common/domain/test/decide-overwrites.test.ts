import { Permission } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { type GuildCommand, LIMITS } from '../src/index.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  memberOverwrite,
  OWNER,
  roleOverwrite,
} from './fixtures.ts'
import { after, refusal } from './managed-guild.ts'

const channel = aChannel('49', [], { name: 'new' })

describe('an overwrite', () => {
  const put = (
    by: string,
    overwrite: ReturnType<typeof roleOverwrite>,
    channelId = '41',
  ): GuildCommand => ({
    type: 'overwrite.put',
    by,
    channelId,
    overwrite,
  })

  it.each([
    [
      'is put by a member with MANAGE_ROLES',
      put('21', roleOverwrite('32', bits('SendMessages'))),
      'done',
    ],
    [
      'is not put without MANAGE_ROLES',
      put('23', roleOverwrite('32', bits('SendMessages'))),
      'no-permission',
    ],
    [
      'is not put in a hidden channel',
      put('21', roleOverwrite('32', bits('SendMessages')), '44'),
      'no-access',
    ],
    [
      'does not allow a permission that its author lacks',
      put('21', roleOverwrite('32', bits('BanMembers'))),
      'no-permission',
    ],
    [
      'does not deny a permission that its author lacks',
      put('21', roleOverwrite('32', '0', bits('BanMembers'))),
      'no-permission',
    ],
    [
      'is not put for a role that does not exist',
      put('21', roleOverwrite('38', '0')),
      'unknown-role',
    ],
    [
      'is put for a member',
      put('21', memberOverwrite('23', bits('ViewChannel'), bits('SendMessages'))),
      'done',
    ],
    [
      'is not put for a non-member',
      put('21', memberOverwrite('29', bits('ViewChannel'))),
      'unknown-user',
    ],
    [
      'is deleted by a member with MANAGE_ROLES',
      { type: 'overwrite.delete', by: '21', channelId: '41', targetId: '23' },
      'done',
    ],
    [
      'is not deleted without MANAGE_ROLES',
      { type: 'overwrite.delete', by: '23', channelId: '41', targetId: '23' },
      'no-permission',
    ],
    [
      'must exist to be deleted',
      { type: 'overwrite.delete', by: '21', channelId: '41', targetId: '22' },
      'unknown-overwrite',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('cannot be lifted by a member for a permission that they have nowhere', () => {
    const silenced = aGuild({
      everyone: bits('ViewChannel'),
      roles: [aRole('31', 1, bits('ManageRoles', 'ManageChannels'))],
      channels: [aChannel('41', [memberOverwrite('21', '0', bits('SendMessages'))])],
      members: [aMember('21', ['31'])],
    })
    expect(
      refusal({ type: 'overwrite.delete', by: '21', channelId: '41', targetId: '21' }, silenced),
    ).toBe('no-permission')
    expect(refusal(put('21', memberOverwrite('21')), silenced)).toBe('no-permission')
    expect(
      refusal(
        { type: 'channel.edit', by: '21', channelId: '41', patch: { overwrites: [] } },
        silenced,
      ),
    ).toBe('no-permission')
  })

  it('may stay unchanged in a list from a member who could not have put it', () => {
    const mixed = after(put(OWNER, roleOverwrite('32', bits('BanMembers'))))
    const kept = mixed.channels.get('41')!.overwrites
    expect(
      refusal(
        {
          type: 'channel.edit',
          by: '21',
          channelId: '41',
          patch: { overwrites: [...kept, roleOverwrite('31', bits('SendMessages'))] },
        },
        mixed,
      ),
    ).toBe('done')
  })

  it('is the last one in a list for its target', () => {
    const overwrites = [
      roleOverwrite('32', bits('SendMessages')),
      roleOverwrite('32', bits('ViewChannel')),
    ]
    expect(
      after({ type: 'channel.create', by: '21', channel: { ...channel, overwrites } }).channels.get(
        '49',
      )!.overwrites,
    ).toEqual([overwrites[1]])
    const sneaky = [roleOverwrite('32'), roleOverwrite('32', String(Permission.BanMembers))]
    expect(
      refusal({ type: 'channel.edit', by: '21', channelId: '41', patch: { overwrites: sneaky } }),
    ).toBe('no-permission')
  })

  it('is refused beyond 500 overwrites', () => {
    const list = Array.from({ length: LIMITS.overwrites }, (_, i) =>
      memberOverwrite(String(5_000 + i)),
    )
    const full = aGuild({ channels: [aChannel('41', list)], members: [aMember('23')] })
    expect(refusal(put(OWNER, memberOverwrite('23')), full)).toBe('too-many')
  })
})

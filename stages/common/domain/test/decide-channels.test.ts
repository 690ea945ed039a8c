import { Permission } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { decide, evolve, type GuildCommand, type GuildState, LIMITS } from '../src/index.ts'
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

/** 21 may manage channels and roles, 22 the guild, 23 nothing. */
const given = aGuild({
  everyone: bits('ViewChannel', 'SendMessages'),
  roles: [
    aRole('31', 3, bits('ManageChannels', 'ManageRoles')),
    aRole('32', 2, bits('ManageGuild')),
  ],
  channels: [
    aChannel('41', [memberOverwrite('23', '0', bits('SendMessages'))]),
    aChannel('42', [], { type: 4 }),
    aChannel('43', [], { type: 2, parentId: '42' }),
    aChannel('44', [roleOverwrite(GUILD, '0', bits('ViewChannel'))]),
  ],
  members: [aMember('21', ['31']), aMember('22', ['32']), aMember('23')],
  guild: { systemChannelId: '41' },
})

const refusal = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  return decision.ok ? 'done' : decision.refusal
}
const after = (command: GuildCommand, state: GuildState = given): GuildState => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events.reduce(evolve, state)
}
const channel = aChannel('49', [], { name: 'new' })

describe('a guild', () => {
  it.each([
    [
      'who may manage it edits it',
      { type: 'guild.edit', by: '22', patch: { name: 'renamed' } },
      'done',
    ],
    [
      'others do not',
      { type: 'guild.edit', by: '23', patch: { name: 'renamed' } },
      'no-permission',
    ],
    [
      'strangers have no access',
      { type: 'guild.edit', by: '29', patch: { name: 'renamed' } },
      'no-access',
    ],
    [
      'a manager cannot give it away',
      { type: 'guild.edit', by: '22', patch: { ownerId: '22' } },
      'no-permission',
    ],
    ['the owner can', { type: 'guild.edit', by: OWNER, patch: { ownerId: '23' } }, 'done'],
    [
      'but not to a stranger',
      { type: 'guild.edit', by: OWNER, patch: { ownerId: '29' } },
      'unknown-member',
    ],
    [
      'its system channel is one of its channels',
      { type: 'guild.edit', by: '22', patch: { systemChannelId: '49' } },
      'unknown-channel',
    ],
    ['or none', { type: 'guild.edit', by: '22', patch: { systemChannelId: null } }, 'done'],
    [
      'so is the channel for the absent',
      { type: 'guild.edit', by: '22', patch: { afkChannelId: '49' } },
      'unknown-channel',
    ],
    ['only its owner ends it', { type: 'guild.delete', by: '22' }, 'no-permission'],
    ['and the owner may', { type: 'guild.delete', by: OWNER }, 'done'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )
})

describe('a channel', () => {
  it.each([
    ['is made by who may manage channels', { type: 'channel.create', by: '21', channel }, 'done'],
    ['and by nobody else', { type: 'channel.create', by: '23', channel }, 'no-permission'],
    [
      'goes into a category',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '42' } },
      'done',
    ],
    [
      'but not into another channel',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '41' } },
      'invalid-parent',
    ],
    [
      'nor into what is not there',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '48' } },
      'invalid-parent',
    ],
    [
      'and a category into none',
      { type: 'channel.create', by: '21', channel: { ...channel, type: 4, parentId: '42' } },
      'invalid-parent',
    ],
    [
      'cannot be made with more than the maker has',
      {
        type: 'channel.create',
        by: '21',
        channel: { ...channel, overwrites: [roleOverwrite('31', bits('BanMembers'))] },
      },
      'no-permission',
    ],
    [
      'is edited by who may manage it',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { name: 'x' } },
      'done',
    ],
    [
      'not by others',
      { type: 'channel.edit', by: '23', channelId: '41', patch: { name: 'x' } },
      'no-permission',
    ],
    [
      'nor by who cannot see it',
      { type: 'channel.edit', by: '21', channelId: '44', patch: { name: 'x' } },
      'no-access',
    ],
    [
      'has to be there',
      { type: 'channel.edit', by: '21', channelId: '48', patch: { name: 'x' } },
      'unknown-channel',
    ],
    [
      'turns from text to announcements',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { type: 5 } },
      'done',
    ],
    [
      'but not from text to voice',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { type: 2 } },
      'invalid-channel',
    ],
    [
      'is not its own parent',
      { type: 'channel.edit', by: '21', channelId: '42', patch: { parentId: '42' } },
      'invalid-parent',
    ],
    [
      'is deleted by who may manage it',
      { type: 'channel.delete', by: '21', channelId: '41' },
      'done',
    ],
    ['not by others', { type: 'channel.delete', by: '23', channelId: '41' }, 'no-permission'],
    [
      'moves',
      { type: 'channels.move', by: '21', moves: [{ id: '41', position: 5, parentId: '42' }] },
      'done',
    ],
    [
      'not by others',
      { type: 'channels.move', by: '23', moves: [{ id: '41', position: 5 }] },
      'no-permission',
    ],
    [
      'not where it cannot be',
      { type: 'channels.move', by: '21', moves: [{ id: '41', parentId: '43' }] },
      'invalid-parent',
    ],
    [
      'not as a category into itself',
      { type: 'channels.move', by: '21', moves: [{ id: '42', parentId: '42' }] },
      'invalid-parent',
    ],
    [
      'not when it is not there',
      { type: 'channels.move', by: '21', moves: [{ id: '48' }] },
      'unknown-channel',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('is made once, however often the same command comes', () => {
    const once = after({ type: 'channel.create', by: '21', channel })
    expect(
      decide(once, { type: 'channel.create', by: '21', channel: { ...channel, name: 'again' } }),
    ).toEqual({ ok: true, events: [] })
  })

  it('leaves its children without a parent, and the guild without a system channel', () => {
    expect(
      after({ type: 'channel.delete', by: '21', channelId: '42' }).channels.get('43'),
    ).toMatchObject({ parentId: null })
    expect(
      after({ type: 'channel.delete', by: '21', channelId: '41' }).guild.systemChannelId,
    ).toBeNull()
    expect(after({ type: 'channel.delete', by: '21', channelId: '42' }).guild.systemChannelId).toBe(
      '41',
    )
  })

  it('is one of 500 at the most', () => {
    const full = aGuild({
      channels: Array.from({ length: LIMITS.channels }, (_, i) => aChannel(String(4_000 + i))),
    })
    expect(refusal({ type: 'channel.create', by: OWNER, channel }, full)).toBe('too-many')
  })

  it('moves without losing what is not moved', () => {
    const moved = after({
      type: 'channels.move',
      by: '21',
      moves: [
        { id: '43', position: 7 },
        { id: '41', parentId: '42' },
      ],
    })
    expect(moved.channels.get('43')).toMatchObject({ position: 7, parentId: '42' })
    expect(moved.channels.get('41')).toMatchObject({ position: 0, parentId: '42' })
  })
})

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
      'is put by who may manage roles',
      put('21', roleOverwrite('32', bits('SendMessages'))),
      'done',
    ],
    ['not by others', put('23', roleOverwrite('32', bits('SendMessages'))), 'no-permission'],
    [
      'nor where they see nothing',
      put('21', roleOverwrite('32', bits('SendMessages')), '44'),
      'no-access',
    ],
    [
      'never allows what its author lacks',
      put('21', roleOverwrite('32', bits('BanMembers'))),
      'no-permission',
    ],
    ['nor denies it', put('21', roleOverwrite('32', '0', bits('BanMembers'))), 'no-permission'],
    ['is for a role that is there', put('21', roleOverwrite('38', '0')), 'unknown-role'],
    [
      'or for a member',
      put('21', memberOverwrite('23', bits('ViewChannel'), bits('SendMessages'))),
      'done',
    ],
    ['not for a stranger', put('21', memberOverwrite('29', bits('ViewChannel'))), 'unknown-user'],
    [
      'is taken away by who may manage roles',
      { type: 'overwrite.delete', by: '21', channelId: '41', targetId: '23' },
      'done',
    ],
    [
      'not by others',
      { type: 'overwrite.delete', by: '23', channelId: '41', targetId: '23' },
      'no-permission',
    ],
    [
      'and has to be there',
      { type: 'overwrite.delete', by: '21', channelId: '41', targetId: '22' },
      'unknown-overwrite',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('keeps its author silent if it was meant to: what they have nowhere they cannot lift', () => {
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

  it('stays as it was when others are changed by who could not have made it', () => {
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

  it('is one per target, the last word of a list', () => {
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

  it('is one of 500 at the most', () => {
    const list = Array.from({ length: LIMITS.overwrites }, (_, i) =>
      memberOverwrite(String(5_000 + i)),
    )
    const full = aGuild({ channels: [aChannel('41', list)], members: [aMember('23')] })
    expect(refusal(put(OWNER, memberOverwrite('23')), full)).toBe('too-many')
  })
})

import { describe, expect, it } from 'vitest'
import { decide, type GuildCommand, LIMITS } from '../src/index.ts'
import { aChannel, aGuild, bits, OWNER, roleOverwrite } from './fixtures.ts'
import { after, refusal } from './managed-guild.ts'

const channel = aChannel('49', [], { name: 'new' })

describe('a guild', () => {
  it.each([
    [
      'is edited by a member with MANAGE_GUILD',
      { type: 'guild.edit', by: '22', patch: { name: 'renamed' } },
      'done',
    ],
    [
      'is not edited without MANAGE_GUILD',
      { type: 'guild.edit', by: '23', patch: { name: 'renamed' } },
      'no-permission',
    ],
    [
      'is not edited by a non-member',
      { type: 'guild.edit', by: '29', patch: { name: 'renamed' } },
      'no-access',
    ],
    [
      'is not transferred by a manager',
      { type: 'guild.edit', by: '22', patch: { ownerId: '22' } },
      'no-permission',
    ],
    [
      'is transferred by its owner',
      { type: 'guild.edit', by: OWNER, patch: { ownerId: '23' } },
      'done',
    ],
    [
      'is not transferred to a non-member',
      { type: 'guild.edit', by: OWNER, patch: { ownerId: '29' } },
      'unknown-member',
    ],
    [
      'must have the channel that becomes its system channel',
      { type: 'guild.edit', by: '22', patch: { systemChannelId: '49' } },
      'unknown-channel',
    ],
    [
      'may have no system channel',
      { type: 'guild.edit', by: '22', patch: { systemChannelId: null } },
      'done',
    ],
    [
      'must have the channel that becomes its AFK channel',
      { type: 'guild.edit', by: '22', patch: { afkChannelId: '49' } },
      'unknown-channel',
    ],
    ['is not deleted by a manager', { type: 'guild.delete', by: '22' }, 'no-permission'],
    ['is deleted by its owner', { type: 'guild.delete', by: OWNER }, 'done'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )
})

describe('a channel', () => {
  it.each([
    [
      'is created by a member with MANAGE_CHANNELS',
      { type: 'channel.create', by: '21', channel },
      'done',
    ],
    [
      'is not created without MANAGE_CHANNELS',
      { type: 'channel.create', by: '23', channel },
      'no-permission',
    ],
    [
      'is created in a category',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '42' } },
      'done',
    ],
    [
      'is not created in another channel',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '41' } },
      'invalid-parent',
    ],
    [
      'is not created in a category that does not exist',
      { type: 'channel.create', by: '21', channel: { ...channel, parentId: '48' } },
      'invalid-parent',
    ],
    [
      'is not created in a category if it is one',
      { type: 'channel.create', by: '21', channel: { ...channel, type: 4, parentId: '42' } },
      'invalid-parent',
    ],
    [
      'is not created with a permission that its creator lacks',
      {
        type: 'channel.create',
        by: '21',
        channel: { ...channel, overwrites: [roleOverwrite('31', bits('BanMembers'))] },
      },
      'no-permission',
    ],
    [
      'is edited by a member with MANAGE_CHANNELS',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { name: 'x' } },
      'done',
    ],
    [
      'is not edited without MANAGE_CHANNELS',
      { type: 'channel.edit', by: '23', channelId: '41', patch: { name: 'x' } },
      'no-permission',
    ],
    [
      'is not edited by a member who cannot view it',
      { type: 'channel.edit', by: '21', channelId: '44', patch: { name: 'x' } },
      'no-access',
    ],
    [
      'must exist to be edited',
      { type: 'channel.edit', by: '21', channelId: '48', patch: { name: 'x' } },
      'unknown-channel',
    ],
    [
      'changes from text to announcement',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { type: 5 } },
      'done',
    ],
    [
      'does not change from text to voice',
      { type: 'channel.edit', by: '21', channelId: '41', patch: { type: 2 } },
      'invalid-channel',
    ],
    [
      'cannot be its own parent',
      { type: 'channel.edit', by: '21', channelId: '42', patch: { parentId: '42' } },
      'invalid-parent',
    ],
    [
      'is deleted by a member with MANAGE_CHANNELS',
      { type: 'channel.delete', by: '21', channelId: '41' },
      'done',
    ],
    [
      'is not deleted without MANAGE_CHANNELS',
      { type: 'channel.delete', by: '23', channelId: '41' },
      'no-permission',
    ],
    [
      'moves into a category',
      { type: 'channels.move', by: '21', moves: [{ id: '41', position: 5, parentId: '42' }] },
      'done',
    ],
    [
      'does not move without MANAGE_CHANNELS',
      { type: 'channels.move', by: '23', moves: [{ id: '41', position: 5 }] },
      'no-permission',
    ],
    [
      'does not move into a channel that is no category',
      { type: 'channels.move', by: '21', moves: [{ id: '41', parentId: '43' }] },
      'invalid-parent',
    ],
    [
      'does not move into itself',
      { type: 'channels.move', by: '21', moves: [{ id: '42', parentId: '42' }] },
      'invalid-parent',
    ],
    [
      'must exist to be moved',
      { type: 'channels.move', by: '21', moves: [{ id: '48' }] },
      'unknown-channel',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('is created once, however often the command is repeated', () => {
    const once = after({ type: 'channel.create', by: '21', channel })
    expect(
      decide(once, { type: 'channel.create', by: '21', channel: { ...channel, name: 'again' } }),
    ).toEqual({ ok: true, events: [] })
  })

  it('clears the parent of its children and the system channel when it is deleted', () => {
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

  it('is refused beyond 500 channels', () => {
    const full = aGuild({
      channels: Array.from({ length: LIMITS.channels }, (_, i) => aChannel(String(4_000 + i))),
    })
    expect(refusal({ type: 'channel.create', by: OWNER, channel }, full)).toBe('too-many')
  })

  it('keeps the fields that a move does not name', () => {
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

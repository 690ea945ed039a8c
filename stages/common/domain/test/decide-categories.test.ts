import { describe, expect, it } from 'vitest'
import {
  type Channel,
  decide,
  evolve,
  type GuildCommand,
  type GuildState,
  LIMITS,
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

const V = bits('ViewChannel')
const MC = bits('ManageChannels')
const hidden = [roleOverwrite(GUILD, '0', V)]

/**
 * 42 is open, with the synced 43 and the unsynced 44. 45 is hidden, with 46 in it. 47 denies 21
 * what they manage elsewhere. 21 manages channels and roles in the guild, 23 only the channels of
 * 42, 24 nothing.
 */
const given = aGuild({
  everyone: bits('ViewChannel', 'SendMessages'),
  roles: [aRole('31', 1, bits('ManageChannels', 'ManageRoles'))],
  channels: [
    aChannel('41'),
    aChannel('42', [memberOverwrite('23', MC)], { type: 4 }),
    aChannel('43', [memberOverwrite('23', MC)], { parentId: '42' }),
    aChannel('44', [roleOverwrite(GUILD, '0', bits('SendMessages'))], { parentId: '42' }),
    aChannel('45', hidden, { type: 4 }),
    aChannel('46', hidden, { parentId: '45' }),
    aChannel('47', [memberOverwrite('21', '0', MC)], { type: 4 }),
  ],
  members: [aMember('21', ['31']), aMember('23'), aMember('24')],
})

const refusal = (command: GuildCommand, state: GuildState = given): string => {
  const decision = decide(state, command)
  return decision.ok ? 'done' : decision.refusal
}
const events = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events
}
const after = (command: GuildCommand, state: GuildState = given): GuildState =>
  events(command, state).reduce(evolve, state)
const create = (
  by: string,
  parentId: string | null,
  fields: Partial<Channel> = {},
): GuildCommand => ({
  type: 'channel.create',
  by,
  channel: aChannel('49', [], { name: 'new', parentId, ...fields }),
})
const move = (
  by: string,
  id: string,
  parentId: string | null,
  lockPermissions = false,
): GuildCommand => ({
  type: 'channels.move',
  by,
  moves: [{ id, parentId, lockPermissions }],
})
const edit = (by: string, channelId: string, parentId: string | null): GuildCommand => ({
  type: 'channel.edit',
  by,
  channelId,
  patch: { parentId },
})

describe('a channel that is made in a category', () => {
  it('takes the category’s overwrites', () => {
    expect(after(create(OWNER, '45')).channels.get('49')!.overwrites).toEqual(hidden)
  })

  it('has others where others are given', () => {
    const overwrites = [memberOverwrite('24', V)]
    expect(after(create(OWNER, '45', { overwrites })).channels.get('49')!.overwrites).toEqual(
      overwrites,
    )
  })

  it.each([
    ['by who manages the category alone', create('23', '42'), 'done'],
    ['who makes none outside of it', create('23', null), 'no-permission'],
    ['nor in another', create('23', '47'), 'no-permission'],
    ['by a manager of the guild', create('21', '42'), 'done'],
    ['unless the category is hidden from them', create('21', '45'), 'no-access'],
    ['or denies it to them', create('21', '47'), 'no-permission'],
    [
      'may repeat its overwrites, whatever they are',
      create('23', '42', { overwrites: [memberOverwrite('23', MC)] }),
      'done',
    ],
    [
      'but not give them to others',
      create('23', '42', { overwrites: [memberOverwrite('24', MC)] }),
      'no-permission',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )
})

describe('a synced channel', () => {
  const overwrites = [roleOverwrite(GUILD, '0', V)]
  it.each([
    ['put', { type: 'overwrite.put', by: OWNER, channelId: '42', overwrite: overwrites[0]! }],
    ['deleted', { type: 'overwrite.delete', by: OWNER, channelId: '42', targetId: '23' }],
    ['edited', { type: 'channel.edit', by: OWNER, channelId: '42', patch: { overwrites } }],
  ] satisfies [string, GuildCommand][])(
    'follows its category when an overwrite is %s',
    (_how, command) => {
      const state = after(command)
      expect(state.channels.get('43')!.overwrites).toEqual(state.channels.get('42')!.overwrites)
      expect(state.channels.get('44')).toEqual(given.channels.get('44'))
      // The category comes last: see `channelUpdated`.
      expect(
        events(command).map((event) => event.type === 'channel.updated' && event.channel.id),
      ).toEqual(['43', '42'])
    },
  )

  it('is one also where an entry without a bit is on one side alone', () => {
    const state = after({
      type: 'overwrite.put',
      by: OWNER,
      channelId: '43',
      overwrite: roleOverwrite('31'),
    })
    const changed = after(
      { type: 'overwrite.put', by: OWNER, channelId: '42', overwrite: overwrites[0]! },
      state,
    )
    expect(changed.channels.get('43')!.overwrites).toEqual(changed.channels.get('42')!.overwrites)
  })

  it('stays as it is when its category is renamed', () => {
    expect(
      events({ type: 'channel.edit', by: OWNER, channelId: '42', patch: { name: 'renamed' } }),
    ).toHaveLength(1)
  })
})

describe('a move', () => {
  it('keeps the overwrites, and with lock_permissions takes those of the category', () => {
    expect(after(move(OWNER, '41', '45')).channels.get('41')!.overwrites).toEqual([])
    expect(after(move(OWNER, '41', '45', true)).channels.get('41')!.overwrites).toEqual(hidden)
    expect(after(move(OWNER, '44', '42', true)).channels.get('44')!.overwrites).toEqual([
      memberOverwrite('23', MC),
    ])
  })

  it('with lock_permissions out of all categories changes no overwrite', () => {
    expect(after(move(OWNER, '46', null, true)).channels.get('46')).toMatchObject({
      parentId: null,
      overwrites: hidden,
    })
  })

  it.each([
    ['goes where its mover manages', move('21', '41', '42'), 'done'],
    ['not into a hidden category', move('21', '41', '45'), 'no-access'],
    ['nor into one that denies it', move('21', '41', '47'), 'no-permission'],
    ['is not for a hidden channel', move('21', '46', null), 'no-access'],
    [
      'not even in place',
      { type: 'channels.move', by: '21', moves: [{ id: '46', position: 0 }] },
      'no-access',
    ],
    [
      'nor for one that denies it',
      { type: 'channels.move', by: '21', moves: [{ id: '47', position: 3 }] },
      'no-permission',
    ],
    [
      'may name what stays as it is',
      { type: 'channels.move', by: '21', moves: [{ id: '47', position: 0 }] },
      'done',
    ],
    [
      'is one within the category for its manager',
      { type: 'channels.move', by: '23', moves: [{ id: '43', position: 3 }] },
      'done',
    ],
    ['who takes nothing out of it', move('23', '43', null), 'no-permission'],
    ['by an edit goes into no hidden category', edit('21', '41', '45'), 'no-access'],
    ['nor into one that denies it', edit('21', '41', '47'), 'no-permission'],
    ['nor out of the only place that its editor manages', edit('23', '43', null), 'no-permission'],
    ['and goes where the editor manages', edit('21', '41', '42'), 'done'],
    ['locks only within what its mover may change', move('23', '44', '42', true), 'no-permission'],
    ['as a list of overwrites does', move('21', '44', '42', true), 'done'],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('is made whole or not at all', () => {
    const moves = [
      { id: '41', position: 4 },
      { id: '46', position: 4 },
    ]
    expect(refusal({ type: 'channels.move', by: '21', moves })).toBe('no-access')
  })

  it('of one channel named twice is one move', () => {
    const moves = [
      { id: '41', position: 4 },
      { id: '41', parentId: '42' },
    ]
    const command = { type: 'channels.move', by: OWNER, moves } as const
    expect(after(command).channels.get('41')).toMatchObject({ position: 4, parentId: '42' })
    expect(events(command)).toHaveLength(1)
  })
})

describe('a category of fifty channels', () => {
  const children = Array.from({ length: LIMITS.channelsInCategory - 1 }, (_, i) =>
    aChannel(String(5_000 + i), [], { parentId: '42' }),
  )
  const nearlyFull = aGuild({
    channels: [aChannel('42', [], { type: 4 }), aChannel('41'), aChannel('40'), ...children],
  })
  const full = after(move(OWNER, '41', '42'), nearlyFull)

  it('takes no other, however it comes', () => {
    for (const command of [create(OWNER, '42'), move(OWNER, '40', '42'), edit(OWNER, '40', '42')])
      expect(refusal(command, full)).toBe('full-category')
    const moves = [
      { id: '41', parentId: '42' },
      { id: '40', parentId: '42' },
    ]
    expect(refusal({ type: 'channels.move', by: OWNER, moves }, nearlyFull)).toBe('full-category')
  })

  it('changes the places of those that it has, and takes one when another leaves', () => {
    expect(
      refusal(
        { type: 'channels.move', by: OWNER, moves: [{ id: '41', parentId: '42', position: 9 }] },
        full,
      ),
    ).toBe('done')
    const moves = [
      { id: '41', parentId: null },
      { id: '40', parentId: '42' },
    ]
    expect(refusal({ type: 'channels.move', by: OWNER, moves }, full)).toBe('done')
  })
})

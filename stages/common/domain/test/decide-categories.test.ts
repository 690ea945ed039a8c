import { describe, expect, it } from 'vitest'
import { type GuildCommand, LIMITS } from '../src/index.ts'
import {
  after,
  create,
  edit,
  events,
  given,
  hidden,
  MC,
  move,
  refusal,
  V,
} from './categorized-guild.ts'
import { aChannel, aGuild, GUILD, memberOverwrite, OWNER, roleOverwrite } from './fixtures.ts'

describe('a channel created in a category', () => {
  it('inherits the overwrites of the category', () => {
    expect(after(create(OWNER, '45')).channels.get('49')!.overwrites).toEqual(hidden)
  })

  it('uses the overwrites of the request if there are any', () => {
    const overwrites = [memberOverwrite('24', V)]
    expect(after(create(OWNER, '45', { overwrites })).channels.get('49')!.overwrites).toEqual(
      overwrites,
    )
  })

  it.each([
    ['is created by a manager of only that category', create('23', '42'), 'done'],
    ['is not created outside of it by that manager', create('23', null), 'no-permission'],
    ['is not created in another category by that manager', create('23', '47'), 'no-permission'],
    ['is created by a manager of the guild', create('21', '42'), 'done'],
    ['is not created in a category hidden from the manager', create('21', '45'), 'no-access'],
    [
      'is not created in a category that denies it to the manager',
      create('21', '47'),
      'no-permission',
    ],
    [
      'may repeat the overwrites of the category',
      create('23', '42', { overwrites: [memberOverwrite('23', MC)] }),
      'done',
    ],
    [
      'may not grant those permissions to others',
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
      // The category comes last, see `channelUpdated`.
      expect(
        events(command).map((event) => event.type === 'channel.updated' && event.channel.id),
      ).toEqual(['43', '42'])
    },
  )

  it('stays synced when one side has an additional entry without bits', () => {
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

  it('is not updated when its category is renamed', () => {
    expect(
      events({ type: 'channel.edit', by: OWNER, channelId: '42', patch: { name: 'renamed' } }),
    ).toHaveLength(1)
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

  it('accepts no other channel, by create, move or edit', () => {
    for (const command of [create(OWNER, '42'), move(OWNER, '40', '42'), edit(OWNER, '40', '42')])
      expect(refusal(command, full)).toBe('full-category')
    const moves = [
      { id: '41', parentId: '42' },
      { id: '40', parentId: '42' },
    ]
    expect(refusal({ type: 'channels.move', by: OWNER, moves }, nearlyFull)).toBe('full-category')
  })

  it('moves its channels, and accepts one when another leaves', () => {
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

import { describe, expect, it } from 'vitest'
import type { GuildCommand } from '../src/index.ts'
import { after, edit, events, hidden, MC, move, refusal } from './categorized-guild.ts'
import { memberOverwrite, OWNER } from './fixtures.ts'

describe('a move', () => {
  it('keeps the overwrites, or copies those of the category with lock_permissions', () => {
    expect(after(move(OWNER, '41', '45')).channels.get('41')!.overwrites).toEqual([])
    expect(after(move(OWNER, '41', '45', true)).channels.get('41')!.overwrites).toEqual(hidden)
    expect(after(move(OWNER, '44', '42', true)).channels.get('44')!.overwrites).toEqual([
      memberOverwrite('23', MC),
    ])
  })

  it('with lock_permissions to no category keeps the overwrites', () => {
    expect(after(move(OWNER, '46', null, true)).channels.get('46')).toMatchObject({
      parentId: null,
      overwrites: hidden,
    })
  })

  it.each([
    ['is allowed into a category that the mover manages', move('21', '41', '42'), 'done'],
    ['is refused into a hidden category', move('21', '41', '45'), 'no-access'],
    ['is refused into a category that denies it', move('21', '41', '47'), 'no-permission'],
    ['is refused for a hidden channel', move('21', '46', null), 'no-access'],
    [
      'is refused for a hidden channel also in place',
      { type: 'channels.move', by: '21', moves: [{ id: '46', position: 0 }] },
      'no-access',
    ],
    [
      'is refused for a channel that denies it',
      { type: 'channels.move', by: '21', moves: [{ id: '47', position: 3 }] },
      'no-permission',
    ],
    [
      'may list channels that do not change',
      { type: 'channels.move', by: '21', moves: [{ id: '47', position: 0 }] },
      'done',
    ],
    [
      'is allowed within a category for its manager',
      { type: 'channels.move', by: '23', moves: [{ id: '43', position: 3 }] },
      'done',
    ],
    ['is refused out of the category for its manager', move('23', '43', null), 'no-permission'],
    ['by an edit is refused into a hidden category', edit('21', '41', '45'), 'no-access'],
    [
      'by an edit is refused into a category that denies it',
      edit('21', '41', '47'),
      'no-permission',
    ],
    [
      'by an edit is refused out of the only category that the editor manages',
      edit('23', '43', null),
      'no-permission',
    ],
    [
      'by an edit is allowed into a category that the editor manages',
      edit('21', '41', '42'),
      'done',
    ],
    [
      'with lock_permissions is refused for overwrites that the mover may not change',
      move('23', '44', '42', true),
      'no-permission',
    ],
    [
      'with lock_permissions is allowed for overwrites that the mover may change',
      move('21', '44', '42', true),
      'done',
    ],
  ] satisfies [string, GuildCommand, string][])('%s', (_rule, command, outcome) =>
    expect(refusal(command)).toBe(outcome),
  )

  it('moves all channels or none', () => {
    const moves = [
      { id: '41', position: 4 },
      { id: '46', position: 4 },
    ]
    expect(refusal({ type: 'channels.move', by: '21', moves })).toBe('no-access')
  })

  it('applies two moves of one channel as one event', () => {
    const moves = [
      { id: '41', position: 4 },
      { id: '41', parentId: '42' },
    ]
    const command = { type: 'channels.move', by: OWNER, moves } as const
    expect(after(command).channels.get('41')).toMatchObject({ position: 4, parentId: '42' })
    expect(events(command)).toHaveLength(1)
  })
})

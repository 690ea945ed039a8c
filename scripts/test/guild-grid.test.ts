import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatRow, gridHead, gridOf } from '../src/guild-grid.ts'
import { recordedReport } from './recorded-fixture.ts'

const [, crashing] = (await recordedReport()).samples
const loadWith = (guilds: number, states: string, change = {}) => ({
  load: {
    ...crashing!.load,
    guilds: Array.from({ length: guilds }, () => ({ ...crashing!.load.guilds[0]!, states })),
    series: Array.from(states, (_, second) => ({
      second,
      due: 2,
      acknowledged: 1,
      errors: 1,
      delivered: 0,
      late: 0,
    })),
    ...change,
  },
})

describe('the grid of a load', () => {
  it('has a row for each second and a cell for each guild', () => {
    const rows = gridOf(crashing!)
    expect(rows.map(({ seconds }) => seconds)).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(rows[1]).toMatchObject({ guilds: Array(10).fill('o'), acknowledged: 40, errors: 0 })
    expect(rows[2]).toMatchObject({ guilds: Array(10).fill('x'), acknowledged: 0, errors: 40 })
  })

  it('of a long load shows the worst state of the seconds in a row, and their sums', () => {
    const rows = gridOf(loadWith(3, `${'o'.repeat(29)}x`))
    expect(rows.map(({ seconds }) => seconds).slice(-2)).toEqual(['25–27', '28–30'])
    expect(rows).toHaveLength(10)
    expect(rows.at(-1)).toMatchObject({ guilds: ['x', 'x', 'x'], due: 6, errors: 3 })
    expect(rows.at(-2)).toMatchObject({ guilds: ['o', 'o', 'o'] })
  })

  it('never exceeds 12 rows of 40 cells and one row for late answers', () => {
    for (const [guilds, seconds] of [
      [400, 601],
      [41, 13],
      [80, 12],
      [1, 1],
    ] as const) {
      const rows = gridOf(loadWith(guilds, 'o'.repeat(seconds)))
      expect(rows.length).toBeLessThanOrEqual(12)
      for (const row of rows) expect(row.guilds.length).toBeLessThanOrEqual(40)
      expect(rows.reduce((sum, { due }) => sum + due, 0)).toBe(2 * seconds)
    }
  })

  it('shows answers that came after the load in a row without guilds', () => {
    const late = { second: 1, due: 0, acknowledged: 0, errors: 7, delivered: 0, late: 0 }
    const rows = gridOf(loadWith(2, 'o', { series: [{ ...late, second: 0, due: 9 }, late] }))
    expect(rows.at(-1)).toMatchObject({ seconds: 'after', guilds: [], errors: 7 })
    expect(formatRow(rows.at(-1)!, rows)).toMatch(/^ +after +0 +0 +7 +0$/)
  })

  it('is empty if the load sent nothing', () => {
    const nothing = { ...crashing!.load.sends, due: 0 }
    expect(gridOf(loadWith(2, '..', { sends: nothing }))).toEqual([])
  })

  it('aligns every row with its head', () => {
    const rows = gridOf(crashing!)
    const widths = [gridHead(rows), ...rows.map((row) => formatRow(row, rows))].map(
      (line) => stripVTControlCharacters(line).length,
    )
    expect(new Set(widths).size).toBe(1)
  })
})

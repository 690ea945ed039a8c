import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { secondsOf, spansOf, spanText, tally, tallyText } from '../src/player/seconds.ts'

const guilds = (...states: string[]) => states.map((row) => ({ group: 'guilds', states: row }))

describe('the seconds of a recorded run', () => {
  it('counts the guilds by state', () => {
    expect(tally(guilds('ox', 'ol', 'o.'), 1)).toEqual({ fine: 0, late: 1, failed: 1, silent: 1 })
  })

  it('names only states that occur', () => {
    expect(tallyText(tally(guilds('o', 'o', 'x'), 0))).toBe('2 guilds fine, 1 failed')
    expect(tallyText(tally(guilds('l'), 0))).toBe('1 guild late')
  })

  it('tells equal seconds as one span', () => {
    expect(spansOf(guilds('ooxx', 'ooxx')).map(spanText)).toEqual([
      'seconds 1 to 2: 2 guilds fine',
      'seconds 3 to 4: 2 guilds failed',
    ])
  })

  it('counts every guild once in every second, and covers each second with one span', () => {
    const row = fc.array(fc.constantFrom('.', 'o', 'l', 'x'), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
        const all = guilds(...rows.map((states) => states.join('')))
        const spans = spansOf(all)
        const covered = spans.flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        )
        expect(covered).toEqual(Array.from({ length: secondsOf(all) }, (_, index) => index))
        for (const second of covered) {
          const { fine, late, failed, silent } = tally(all, second)
          expect(fine + late + failed + silent).toBe(all.length)
        }
      }),
    )
  })
})

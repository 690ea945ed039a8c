import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultNeutral, type Score, scoreOf } from '../src/predict/score.ts'

const score = (
  unit: 'count' | 'ratio' | 'share',
  predicted: number | null,
  measured: number | null,
  neutral = defaultNeutral(unit),
): Score => scoreOf({ unit, predicted, measured, neutral })

describe('the score of a prediction', () => {
  it.each([
    // Counts: nothing happens at 0.
    ['count', 10, 10, 'exact'],
    ['count', 0, 0, 'exact'],
    ['count', 10.4, 10, 'exact'],
    ['count', 6, 10, 'within 2×'],
    ['count', 20, 10, 'within 2×'],
    ['count', 1, 10, 'within 10×'],
    ['count', 100, 10, 'within 10×'],
    ['count', 101, 10, 'beyond 10×'],
    ['count', 1, 11, 'beyond 10×'],
    ['count', 0, 10, 'wrong direction'],
    ['count', 3, 0, 'wrong direction'],
    ['count', -50, 200, 'wrong direction'],
    ['count', null, 10, 'passed'],
    ['count', 10, null, 'not measured'],
    ['count', null, null, 'passed'],
    // Ratios: nothing changes at 1.
    ['ratio', 8, 8.3, 'exact'],
    ['ratio', 5, 8, 'within 2×'],
    ['ratio', 1.5, 8, 'within 10×'],
    ['ratio', 90, 8, 'beyond 10×'],
    ['ratio', 1, 8, 'wrong direction'],
    ['ratio', 0.5, 8, 'wrong direction'],
    ['ratio', 4, 0.5, 'wrong direction'],
    ['ratio', 0.9, 0.5, 'within 2×'],
    ['share', 0.96, 1, 'exact'],
    ['share', 0.01, 0, 'exact'],
    ['share', 0.02, 0, 'wrong direction'],
    ['share', 0.5, 1, 'within 2×'],
    ['share', 0, 0.9, 'wrong direction'],
  ] as const)('%s: %s predicted, %s measured: %s', (unit, predicted, measured, expected) => {
    expect(score(unit, predicted, measured)).toBe(expected)
  })

  it('uses the neutral value of its question', () => {
    expect(score('count', 4, 8, 5)).toBe('wrong direction')
    expect(score('count', 6, 8, 5)).toBe('within 2×')
  })

  it('does not get worse as a prediction comes nearer, on the same side of the neutral value', () => {
    const order: Score[] = ['exact', 'within 2×', 'within 10×', 'beyond 10×']
    const positive = fc.double({ min: 0.01, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(positive, positive, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, t) => {
        const nearer = a + (b - a) * t
        expect(order.indexOf(score('share', nearer, b))).toBeLessThanOrEqual(
          order.indexOf(score('share', a, b)),
        )
      }),
    )
  })
})

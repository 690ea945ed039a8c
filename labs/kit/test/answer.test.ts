import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeAnswer, parseAnswer } from '../src/predict/answer.ts'

const guilds = { unit: 'count', range: [0, 1_000] } as const
const share = { unit: 'share', range: [0, 1] } as const
const ratio = { unit: 'ratio', range: [0.1, 100] } as const
const difference = { unit: 'count', range: [-5_000, 50_000] } as const

describe('an answer', () => {
  it.each([
    ['10', guilds, 10],
    [' 10 ', guilds, 10],
    ['1,000', guilds, 1_000],
    ['0', guilds, 0],
    ['-5', difference, -5],
    ['-5,000', difference, -5_000],
    ['50', share, 0.5],
    ['50%', share, 0.5],
    ['2.5 %', share, 0.025],
    ['.5', ratio, 0.5],
    ['3x', ratio, 3],
    ['3×', ratio, 3],
    ['12 ms', { unit: 'ms', range: [0, 100] } as const, 12],
  ])('%j is read', (text, format, answer) => {
    expect(parseAnswer(text, format)).toEqual({ answer })
  })

  it.each(['pass', 'Pass', '-', ' - '])('%j passes the question', (text) => {
    expect(parseAnswer(text, difference)).toEqual({ answer: null })
  })

  it.each([
    ['ten', guilds, '“ten” is no number; expected a number from 0 to 1,000, or pass'],
    ['1,00', guilds, '“1,00” is no number; expected a number from 0 to 1,000, or pass'],
    ['5%', guilds, '“5%” is no number; expected a number from 0 to 1,000, or pass'],
    ['1e2', guilds, '“1e2” is no number; expected a number from 0 to 1,000, or pass'],
    ['', guilds, 'an answer is missing; expected a number from 0 to 1,000, or pass'],
    ['%', share, '“%” is no number; expected a percentage from 0% to 100%, or pass'],
    ['101', share, '101 is out of range; expected a percentage from 0% to 100%, or pass'],
    ['0.01', ratio, '0.01 is out of range; expected a factor from 0.1× to 100×, or pass'],
    ['-1', guilds, '-1 is out of range; expected a number from 0 to 1,000, or pass'],
  ])('%j is rejected with the reason', (text, format, problem) => {
    expect(parseAnswer(text, format)).toEqual({ problem })
  })

  it('is never outside the range, nor anything but a number, null or a problem', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer({ min: -200, max: 200 }).map(String)),
        (text) => {
          const parsed = parseAnswer(text, ratio)
          if ('problem' in parsed) return parsed.problem.endsWith(describeAnswer(ratio))
          return parsed.answer === null || (parsed.answer >= 0.1 && parsed.answer <= 100)
        },
      ),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { scoreOf } from '../../labs/kit/src/predict/score.ts'
import { reportOf } from '../../labs/kit/test/sample.ts'
import { checkForm, passed, revealed, scoreAnswer } from '../src/player/answers.ts'

const [late] = reportOf().questions
const questions = [late!]

describe('a prediction on the site', () => {
  it('needs an answer in the unit and range of its question, and a reason', () => {
    expect(checkForm(questions, ['25%'], 'Queues grow.')).toEqual({
      prediction: { answers: [0.25], reason: 'Queues grow.' },
    })
    expect(checkForm(questions, ['25%'], ' ')).toMatchObject({ problems: [undefined] })
    expect(checkForm(questions, ['250%'], 'Queues grow.')).toMatchObject({
      problems: [expect.stringContaining('0% to 100%')],
      reason: undefined,
    })
    expect(checkForm(questions, [''], 'Queues grow.')).toMatchObject({
      problems: [expect.stringContaining('missing')],
    })
  })

  it('may pass a question, or all, without a reason', () => {
    expect(checkForm(questions, ['pass'], '')).toEqual({ prediction: passed(questions) })
  })

  it('is scored by the rules of the labs', () => {
    const { unit, value, neutral } = late!
    for (const predicted of [0, 0.01, 0.5, null])
      expect(scoreAnswer(late!, predicted)).toBe(
        scoreOf({ unit, predicted, measured: value, neutral }),
      )
  })

  it('reveals something about a known wrong answer only', () => {
    expect(revealed(late!, 0.5)).toBe('You expect queues.')
    expect(revealed(late!, 0.05)).toBeUndefined()
    expect(revealed(late!, null)).toBeUndefined()
  })
})

import { describeAnswer, parseAnswer } from '../../../labs/kit/src/predict/answer.ts'
import { type Score, scoreOf } from '../../../labs/kit/src/predict/score.ts'
import type { Recording } from '../labs/lab-data.ts'

type Question = Recording['questions'][number]

/** One number for each question, in its unit; null for a question that the reader passed. */
export interface Prediction {
  readonly answers: readonly (number | null)[]
  readonly reason: string
}

export type CheckedForm =
  | { readonly prediction: Prediction }
  /** One problem for each question, undefined where there is none, and one for the reason. */
  | { readonly problems: readonly (string | undefined)[]; readonly reason: string | undefined }

/** Checks what the reader typed, with the rules of the terminal. An answer needs a reason. */
export function checkForm(
  questions: readonly Question[],
  typed: readonly string[],
  reason: string,
): CheckedForm {
  const parsed = questions.map((question, index) => parseAnswer(typed[index] ?? '', question))
  const problems = parsed.map((result) => ('problem' in result ? result.problem : undefined))
  const answers = parsed.map((result) => ('answer' in result ? result.answer : null))
  const needsReason = answers.some((answer) => answer !== null) && reason.trim() === ''
  if (needsReason || problems.some((problem) => problem !== undefined))
    return { problems, reason: needsReason ? 'say why in one sentence' : undefined }
  return { prediction: { answers, reason: reason.trim() } }
}

export const passed = (questions: readonly Question[]): Prediction => ({
  answers: questions.map(() => null),
  reason: '',
})

/** Such as `a number from 0 to 10, or pass`. */
export const expectedAnswer = (question: Question): string => describeAnswer(question)

export const scoreAnswer = ({ unit, value, neutral }: Question, predicted: number | null): Score =>
  scoreOf({ unit, predicted, measured: value, neutral })

/** The text for a known wrong answer. Undefined for any other answer. */
export const revealed = (
  { wrongAnswers }: Question,
  predicted: number | null,
): string | undefined =>
  predicted === null
    ? undefined
    : wrongAnswers.find(({ answer: [from, to] }) => predicted >= from && predicted <= to)?.reveals

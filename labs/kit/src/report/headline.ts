import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { ACROSS_ARMS, figuresByArm } from '../expectations.ts'
import type { Figures, Measures } from '../measure.ts'
import type { PlannedArm } from '../plan.ts'
import type { Prediction } from '../predict/question.ts'
import { defaultNeutral, scoreOf } from '../predict/score.ts'
import type { Lab } from '../spec.ts'
import type { Finding, Verdict } from '../verdict.ts'
import type { ArmReport, QuestionReport, Report } from './schema.ts'

type FiguresOf = (arm: string) => Figures<Measures>

/** A line of the repository's code that a report refers to. */
export type CodeLine = Report['headline']['code']

/**
 * Finds the line of code that the lab's explanation refers to.
 *
 * @throws CodedError `BAD_LAB` unless exactly one line of the file contains the text
 */
export async function locateCode(repository: string, { id, report }: Lab): Promise<CodeLine> {
  const { file, line } = report.code
  const source = await readFile(join(repository, file), 'utf8').catch(() => '')
  const found = source
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .filter(({ text }) => text.includes(line))
  const [only] = found
  if (only === undefined || found.length > 1)
    throw new CodedError('BAD_LAB', `lab ${id}: ${found.length} lines of ${file} contain “${line}”`)
  return { file, ...only }
}

/** @param figures the figures of the last round; undefined if nothing was measured */
export function headlineOf(
  lab: Lab,
  figures: FiguresOf | undefined,
  code: CodeLine,
): Report['headline'] {
  const { sentence, why, figures: names, charts } = lab.report
  return {
    sentence: figures === undefined ? null : sentence(figuresByArm(lab, figures)),
    why,
    code,
    figures: [...names],
    charts: [...charts],
  }
}

/** The questions with their measured answers. */
export const questionsOf = (lab: Lab, figures: FiguresOf | undefined): QuestionReport[] =>
  lab.predict.map(({ text, answer, range, neutral, wrongAnswers }) => {
    const { name, unit, value } = answer(figuresByArm(lab, figures))
    return {
      text,
      unit,
      range: [...range],
      neutral: neutral ?? defaultNeutral(unit),
      figure: name,
      value: Number.isFinite(value) ? value : null,
      wrongAnswers: wrongAnswers.map((wrong) => ({
        answer: typeof wrong.answer === 'number' ? [wrong.answer, wrong.answer] : [...wrong.answer],
        reveals: wrong.reveals,
      })),
    }
  })

/** Compares the prediction with the measured answers. */
export function comparePrediction(
  questions: readonly QuestionReport[],
  prediction: Prediction | undefined,
  verdict: Verdict,
): Report['prediction'] {
  if (prediction === undefined)
    return {
      scores: [],
      line: 'You made no prediction. A wrong prediction teaches you more than the report alone.',
    }
  const answers = questions.map((_, index) => prediction.answers[index] ?? null)
  const scores = questions.map(({ unit, value, neutral }, index) =>
    scoreOf({ unit, predicted: answers[index]!, measured: value, neutral }),
  )
  const settled = verdict === 'could-not-run' ? ' This run settles nothing.' : ''
  return {
    answers,
    ...(prediction.reason === undefined ? {} : { reason: prediction.reason }),
    scores,
    line: `Your prediction: ${scores.join(', ')}.${settled}`,
  }
}

/**
 * Whether the stage broke or held in an arm. If an arm is said to break, its assertions hold when
 * it broke. Assertions between arms count for those arms.
 */
export function statusOf(arm: PlannedArm, findings: readonly Finding[]): ArmReport['status'] {
  const own = findings.filter(
    (finding) => finding.arm === arm.name || (arm.breaks && finding.arm === ACROSS_ARMS),
  )
  const outcomes = own.map(({ assertion }) => assertion.outcome)
  if (outcomes.includes('fails')) return arm.breaks ? 'held' : 'broke'
  if (outcomes.length === 0 || outcomes.includes('unknown')) return 'unknown'
  return arm.breaks ? 'broke' : 'held'
}

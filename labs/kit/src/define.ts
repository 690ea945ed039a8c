import { CodedError } from '@threshold/kit'
import { assertedFigures, figuresByArm } from './expectations.ts'
import { type Measures, nameInWords } from './measure.ts'
import type { Lab, LabSpec } from './spec.ts'

const MAX_QUESTIONS = 3
const MAX_FIGURES = 3
const MAX_WHY_WORDS = 60

/**
 * Checks the rules that types cannot express.
 *
 * @throws CodedError `BAD_LAB`
 */
export function defineLab<const A extends string, M extends Measures>(spec: LabSpec<A, M>): Lab {
  const lab = spec as unknown as Lab
  const problem = problemsOf(lab)[0]
  if (problem !== undefined) throw new CodedError('BAD_LAB', `lab ${lab.id}: ${problem}`)
  return lab
}

function problemsOf(lab: Lab): string[] {
  const { id, expect, expectAcross, arms } = lab
  const titles = Object.values(arms).map(({ title }) => title)
  return [
    ...(/^\d+\.\d+$/.test(id) ? [] : ['an id is two numbers, such as 1.3']),
    ...(Object.keys(expect).length === 0 && expectAcross === undefined
      ? ['it has no expectation, so that nothing could refute it']
      : []),
    ...(new Set(titles).size === titles.length ? [] : ['two arms have the same title']),
    ...sizeProblems(lab),
    ...questionProblems(lab),
    ...reportProblems(lab),
  ]
}

const sizeProblems = ({ sizes, expect }: Lab): string[] =>
  Object.entries(sizes).flatMap(([size, { arms, repeats }]) => {
    const missing = Object.keys(expect).find((arm) => arms !== undefined && !arms.includes(arm))
    return [
      ...(Number.isInteger(repeats) && repeats >= 1
        ? []
        : [`${size} must run its arms at least once`]),
      ...(missing === undefined ? [] : [`${size} leaves out ${missing}, which has an expectation`]),
    ]
  })

function questionProblems(lab: Lab): string[] {
  const { predict } = lab
  if (predict.length < 1 || predict.length > MAX_QUESTIONS)
    return [`it must ask one to ${MAX_QUESTIONS} questions, and it asks ${predict.length}`]
  return predict.flatMap(({ text, answer, range: [min, max], wrongAnswers }) => {
    const outside = wrongAnswers.flatMap((wrong) => wrong.answer).some((n) => n < min || n > max)
    return [
      ...(min < max ? [] : [`the range of “${text}” is empty`]),
      ...(outside ? [`a wrong answer to “${text}” is out of its range`] : []),
      ...(answer(figuresByArm(lab)) === undefined ? [`“${text}” names no figure`] : []),
    ]
  })
}

function reportProblems(lab: Lab): string[] {
  const { figures, why } = lab.report
  const known = new Set([...Object.keys(lab.measure).map(nameInWords), ...assertedFigures(lab)])
  const unknown = figures.filter((name) => !known.has(name))
  const words = why.split(/\s+/).length
  return [
    ...(figures.length <= MAX_FIGURES ? [] : [`its picture has more than ${MAX_FIGURES} figures`]),
    ...unknown.map((name) => `its picture names “${name}”, which is no measure and not asserted`),
    ...(words <= MAX_WHY_WORDS
      ? []
      : [`its why has ${words} words; the limit is ${MAX_WHY_WORDS}`]),
  ]
}

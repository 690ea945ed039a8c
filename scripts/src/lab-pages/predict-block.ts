import { formatValue, frameOf, type LabFrame } from '@threshold/lab-kit'
import { folded, list, paragraphs, plain, table } from './markdown.ts'
import type { LabSource } from './page.ts'

/** A lab asks one to three questions. */
const NUMBERS = ['', 'a number', 'two numbers', 'three numbers']

/** The questions, and folded away everything that answers them. */
export function predictBlock({ lab }: LabSource): string {
  const frame = frameOf(lab, 'quick')
  const questions = frame.questions.map(
    (question, index) => `${index + 1}. ${plain(question.text)} _(${rangeText(question)})_`,
  )
  return paragraphs([
    `Commit ${NUMBERS[questions.length]} and one sentence of reason before you see anything else. \`npx threshold lab ${lab.id}\` asks for them, and scores them after the run.`,
    questions.join('\n'),
    folded('Hypothesis, thresholds and negative control: open them after you have predicted', [
      `**Hypothesis.** ${plain(lab.hypothesis)}`,
      thresholdTable(frame),
      frame.definitions.length === 0
        ? ''
        : list(frame.definitions.map(({ name, text }) => `**${name}:** ${plain(text)}`)),
      `**Negative control.** ${plain(sentence(lab.control.text))} Then the verdict must be \`refuted\`.`,
    ]),
  ])
}

function rangeText({ unit, range: [min, max] }: LabFrame['questions'][number]): string {
  const values = `from ${formatValue(unit, min)} to ${formatValue(unit, max)}`
  return unit === 'count' ? `a whole number ${values}` : values
}

const thresholdTable = ({ thresholds }: LabFrame): string =>
  table(
    ['Arm', 'Must hold in every round'],
    thresholds.map(({ arm, text }) => [plain(arm ?? 'between the arms'), plain(text)]),
  )

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

import { formatValue } from '../figure.ts'
import { describeBusiest } from '../run/busiest.ts'
import { caveatsOf } from '../run/sample.ts'
import { revealedBy } from './prediction.ts'
import type { QuestionReport, Report } from './schema.ts'
import { withTitles } from './titles.ts'

const MARKS: Partial<Record<Report['verdict'], string>> = { supported: '✓', none: '·' }

/**
 * Returns the outcome for a terminal: the sentence, the scores, the why, and the hypothesis with
 * its statements. A run that could not measure gives no answer away, so that it can be predicted
 * again.
 */
export function summaryOf(report: Report): string {
  const { headline, lab, reasons, notes, verdict } = report
  if (verdict === 'could-not-run' || headline.sentence === null)
    return [
      `Lab ${lab.id} could not run, which says nothing about the stage.`,
      ...reasons.map((reason) => `  ✗ ${withTitles(report, reason)}`),
      ...obstacles(report),
    ].join('\n')
  const { file, line, text } = headline.code
  const caveats = caveatsOf(report.samples)
  const mark = (reason: string): string =>
    caveats.includes(reason) ? '?' : (MARKS[verdict] ?? '✗')
  return [
    headline.sentence,
    '',
    ...report.questions.flatMap((question, index) => questionLines(report, question, index)),
    '',
    // The explanation is about the lab as it is, which a control changes.
    ...(report.control === undefined
      ? [`Why: ${headline.why}`, `  ${file}:${line}  ${text}`]
      : [`Negative control: ${report.control}.`]),
    '',
    `Hypothesis: ${lab.hypothesis}`,
    ...reasons.map((reason) => `  ${mark(reason)} ${withTitles(report, reason)}`),
    ...notes.map((note) => `  · ${note}`),
    ...provenance(report),
    ...obstacles(report),
  ].join('\n')
}

function questionLines(report: Report, question: QuestionReport, index: number): string[] {
  const { answers, scores } = report.prediction
  const measured = `measured ${format(question, question.value)}`
  const predicted = answers?.[index]
  const score = scores[index]
  const comparison =
    predicted === undefined
      ? measured
      : predicted === null
        ? `passed; ${measured}`
        : `predicted ${format(question, predicted)}, ${measured}: ${score}`
  const reveals = revealed(report, index)
  return [
    `${index + 1}. ${question.text}`,
    `   ${comparison}`,
    ...(reveals === undefined ? [] : [`   ${reveals}`]),
  ]
}

/**
 * The thought behind a wrong answer. A control changes the answers, so nothing is revealed there.
 */
function revealed({ questions, prediction, control }: Report, index: number): string | undefined {
  const predicted = prediction.answers?.[index] ?? null
  const score = prediction.scores[index]
  if (predicted === null || control !== undefined) return undefined
  if (score === 'exact' || score === 'not measured') return undefined
  return revealedBy(questions[index]!, predicted)
}

/** The engines that were started, the busiest programs and the next step of a run that stopped. */
function obstacles(report: Report): string[] {
  const { verdict, noEngine, busiest, nextStep } = report
  if (nextStep === null) return []
  const started =
    noEngine === null ? `It had started ${enginesOf(report)}.` : 'No engine was started.'
  return [
    ...(verdict === 'could-not-run' ? [started] : []),
    ...(busiest.length === 0
      ? []
      : [`Busiest programs: ${describeBusiest(busiest)} of this machine's CPU.`]),
    `→ ${nextStep}`,
  ]
}

const format = ({ unit }: QuestionReport, value: number | null): string =>
  formatValue(unit, value ?? Number.NaN)

/** One line that names the engine and the machine of every figure. */
function provenance(report: Report): string[] {
  if (report.recorded) return [`This is a ${recordedLabel(report)}.`]
  const engines = enginesOf(report)
  return engines === '' ? [] : [`Measured on ${engines}; ${report.environment.text}.`]
}

/** Every view of a recorded run carries this label. */
export const recordedLabel = (report: Report): string =>
  `recorded run of ${report.startedAt.slice(0, 10)} on ${enginesOf(report)}, ${report.environment.text}; not measured here`

const enginesOf = ({ arms }: Report): string =>
  [...new Set(arms.flatMap(({ engine }) => engine?.text ?? []))].join(', ')

import type { LabResult, Report, Verdict } from '@threshold/lab-kit'
import { bold, wrapped } from './terminal.ts'

/** Scripts and CI read these codes. Any other code is a crash, and no verdict. */
const VERDICT_EXIT: Record<Verdict, number> = {
  supported: 0,
  refuted: 10,
  inconclusive: 11,
  'could-not-run': 12,
  none: 13,
}

export interface LabOutcome extends LabResult {
  /** For a negative control: the statements that should have failed and did not. */
  readonly unmet?: readonly string[]
}

/** The negative control did its part if it was refuted by the statements that it names. */
export const exitCodeOf = ({ verdict, unmet }: LabOutcome): number => {
  if (unmet === undefined) return VERDICT_EXIT[verdict]
  if (verdict === 'supported' || verdict === 'refuted')
    return unmet.length === 0 ? VERDICT_EXIT.supported : VERDICT_EXIT.refuted
  return VERDICT_EXIT[verdict]
}

export function formatOutcome(outcome: LabOutcome): string {
  const { summary, verdict, reportHtml, report } = outcome
  const next = nextCommand(report)
  return [
    wrapped(summary.trimEnd()),
    '',
    bold(`verdict: ${verdict}`),
    ...controlLines(outcome).map((line) => wrapped(line)),
    `report: ${reportHtml}`,
    ...(next === undefined ? [] : [`next: ${next}`]),
  ].join('\n')
}

/** A run that could not run has named its next step. A machine that plays recordings goes on so. */
function nextCommand({ next, nextStep, recorded }: Report): string | undefined {
  if (nextStep !== null) return undefined
  return recorded && next !== null ? `${next.command} --recorded` : next?.command
}

function controlLines({ verdict, unmet }: LabOutcome): string[] {
  if (unmet === undefined) return []
  if (unmet.length === 0)
    return ['The control was refuted by the statements that it names: this lab can fail.']
  if (verdict === 'could-not-run') return ['The control decided nothing.']
  return [
    `The control must be refuted by ${unmet.join(' and ')}, and this run was not. A lab that cannot fail proves nothing.`,
  ]
}

/** The outcome for programs. */
export const jsonOutcome = (outcome: LabOutcome): object => {
  const { verdict, reasons, reportHtml, reportJson, summary, report, unmet } = outcome
  const { lab, size, headline, prediction, questions, next, recorded, demo, control } = report
  return {
    v: 1,
    lab: lab.id,
    size,
    recorded,
    demo,
    control: control !== undefined,
    verdict,
    reasons,
    ...(unmet === undefined ? {} : { unmet }),
    sentence: headline.sentence,
    questions: questions.map(({ text, unit, value }) => ({ text, unit, value })),
    prediction,
    next,
    reportHtml,
    reportJson,
    summary,
  }
}

import { findLab, REPOSITORY } from './labs.ts'
import { type CodeLine, locateCode } from './report/headline.ts'

/** The help that a lab gives beside its report. */
export interface LabGuide {
  /** Each says more than the one before. */
  readonly hints: readonly [string, string, string]
  readonly why: string
  /** The line of code that `why` refers to. */
  readonly code: CodeLine
}

export async function guideOf(id: string): Promise<LabGuide> {
  const lab = await findLab(id)
  const code = await locateCode(REPOSITORY, lab)
  return { hints: lab.hints, why: lab.report.why, code }
}

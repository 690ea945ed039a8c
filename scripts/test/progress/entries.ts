import type { Run } from '../../src/progress/outcomes.ts'
import type { ProgressEntry } from '../../src/progress.ts'

const AT = '2026-11-29T21:00:00.000Z'

/** A finished run of a lab, with changes. */
export const ran = (lab: string, changes: Partial<Run> = {}): Run => ({
  v: 1,
  at: AT,
  kind: 'ran',
  lab,
  size: 'quick',
  verdict: 'supported',
  recorded: false,
  control: false,
  demo: false,
  scores: [],
  evidence: `${lab}-2026-11-29T21-00-00-000Z`,
  ...changes,
})

export const hinted = (lab: string, level: number): ProgressEntry => ({
  v: 1,
  at: AT,
  kind: 'hint',
  lab,
  level,
})

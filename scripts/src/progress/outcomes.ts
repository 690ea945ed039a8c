import { SCORES } from '@threshold/lab-kit'
import type { ProgressEntry } from '../progress.ts'

export type Run = Extract<ProgressEntry, { kind: 'ran' }>

export const isRun = (entry: ProgressEntry): entry is Run => entry.kind === 'ran'

/** `quick`, `recorded`, `control` or `demo`. */
export const kindOf = ({ recorded, control, demo, size }: Run): string =>
  recorded ? 'recorded' : control ? `${size}, control` : demo ? `${size}, demo` : size

const FINISHED = ['supported', 'refuted', 'inconclusive']

/** The lab's own question was measured here and answered. A tiny run is too short for that. */
const isFinished = ({ recorded, control, demo, size, verdict }: Run): boolean =>
  !recorded && !control && !demo && size !== 'tiny' && FINISHED.includes(verdict)

const isPlayed = ({ recorded, control }: Run): boolean => recorded && !control

/** The best of some scores; undefined if there are none. */
export const bestOf = (scores: readonly string[]): string | undefined =>
  SCORES.find((score) => scores.includes(score))

/** The runs of one lab, oldest first. */
export const runsOf = (lab: string, progress: readonly ProgressEntry[]): Run[] =>
  progress.filter(isRun).filter((run) => run.lab === lab)

export interface LabOutcomes {
  /** The verdict of the latest finished run. */
  readonly verdict: string | undefined
  /** A recorded run was played. */
  readonly played: boolean
  /** The latest run on this machine could not run. */
  readonly couldNotRun: boolean
  /** The best score of all predictions. */
  readonly best: string | undefined
}

export function outcomesOf(lab: string, progress: readonly ProgressEntry[]): LabOutcomes {
  const runs = runsOf(lab, progress).filter(({ control }) => !control)
  const attempts = runs.filter(({ recorded, demo }) => !recorded && !demo)
  return {
    verdict: runs.findLast(isFinished)?.verdict,
    played: runs.some(isPlayed),
    couldNotRun: attempts.at(-1)?.verdict === 'could-not-run',
    best: bestOf(runs.flatMap(({ scores }) => scores)),
  }
}

/** Whether the learner has seen how the lab comes out: by a run of any size, or a recorded one. */
export const hasOutcome = (lab: string, progress: readonly ProgressEntry[]): boolean =>
  runsOf(lab, progress).some(({ control, verdict }) => !control && verdict !== 'could-not-run')

import type { LabInfo } from '@threshold/lab-kit'
import type { ProgressEntry } from '../progress.ts'
import { table } from '../terminal.ts'
import { type LabOutcomes, outcomesOf } from './outcomes.ts'

/** A lab and how far the learner is with it. */
export interface ListedLab extends LabInfo {
  /** The verdict of the latest finished run on this machine; null if there is none. */
  readonly done: string | null
  /** A recorded run was played. */
  readonly played: boolean
  /** The best score of all predictions; null if none was scored. */
  readonly predicted: string | null
}

export const listedLabs = (
  labs: readonly LabInfo[],
  progress: readonly ProgressEntry[],
): ListedLab[] =>
  labs.map((lab) => {
    const { verdict, played, best } = outcomesOf(lab.id, progress)
    return { ...lab, done: verdict ?? null, played, predicted: best ?? null }
  })

/** Longer titles are cut, so that a line fits 80 columns. */
const TITLE_WIDTH = 24

/** One line for each lab. Its question is on its page and in the JSON. */
export function formatLabList(labs: readonly ListedLab[]): string {
  const left = labs.filter(({ done }) => done === null)
  const minutes = left.reduce((sum, lab) => sum + lab.minutes.quick, 0)
  const rows = labs.map((lab) => [
    lab.id,
    lab.title.length <= TITLE_WIDTH ? lab.title : `${lab.title.slice(0, TITLE_WIDTH - 1)}…`,
    stateOf({ verdict: lab.done ?? undefined, played: lab.played }),
    lab.predicted ?? '–',
    `${lab.minutes.quick} min`,
    lab.memory,
  ])
  const summary = `${labs.length - left.length} of ${labs.length} labs done`
  return [
    table(['Lab', 'Title', 'Done', 'Predicted', 'Quick', 'Memory'], rows),
    '',
    left.length === 0 ? summary : `${summary}, about ${minutes} min of runs left`,
  ].join('\n')
}

const stateOf = ({ verdict, played }: Pick<LabOutcomes, 'verdict' | 'played'>): string =>
  verdict === undefined ? (played ? 'played' : '–') : `✓ ${verdict}`

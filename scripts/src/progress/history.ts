import type { ProgressEntry } from '../progress.ts'
import { table } from '../terminal.ts'
import { enginesOf } from './compare.ts'
import { readReport } from './evidence.ts'
import { isRun, kindOf, type Run } from './outcomes.ts'

export interface PastRun extends Run {
  /** The engines; null if the evidence is no longer there. */
  readonly engine: string | null
}

/** The runs, oldest first, each with the engine of its report. */
export const historyOf = (progress: readonly ProgressEntry[]): Promise<PastRun[]> =>
  Promise.all(
    progress.filter(isRun).map(async (run) => {
      const report = await readReport(run.evidence)
      return { ...run, engine: report === undefined ? null : enginesOf(report) }
    }),
  )

export const formatHistory = (runs: readonly PastRun[]): string =>
  table(
    ['When', 'Lab', 'Run', 'Verdict', 'Predictions', 'Engine'],
    runs.map((run) => [
      localTime(run.at),
      run.lab,
      kindOf(run),
      run.verdict === 'none' ? 'no verdict' : run.verdict,
      run.scores.join(', ') || '–',
      run.engine ?? 'its evidence is gone',
    ]),
  )

/** `2026-11-29 21:04`, in the time zone of this machine. */
function localTime(at: string): string {
  const date = new Date(at)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

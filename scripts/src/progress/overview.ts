import type { LabInfo } from '@threshold/lab-kit'
import type { ProgressEntry } from '../progress.ts'
import { table } from '../terminal.ts'
import { outcomesOf, runsOf } from './outcomes.ts'

/** One line for each lab: its verdict, the best prediction, runs, hints and explanations. */
export const formatProgress = (
  labs: readonly Pick<LabInfo, 'id' | 'title'>[],
  progress: readonly ProgressEntry[],
): string =>
  table(
    ['Lab', 'Title', 'Verdict', 'Best prediction', 'Runs', 'Hints', 'Explained'],
    labs.map(({ id, title }) => {
      const outcomes = outcomesOf(id, progress)
      const hints = progress.flatMap((entry) =>
        entry.kind === 'hint' && entry.lab === id ? entry.level : [],
      )
      const explained = progress.some((entry) => entry.kind === 'explained' && entry.lab === id)
      return [
        id,
        title,
        outcomes.verdict ?? (outcomes.played ? 'played' : '–'),
        outcomes.best ?? '–',
        String(runsOf(id, progress).length),
        String(new Set(hints).size),
        explained ? 'yes' : '–',
      ]
    }),
  )

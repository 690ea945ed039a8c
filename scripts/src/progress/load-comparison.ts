import { CodedError } from '@threshold/kit'
import type { Report } from '@threshold/lab-kit'
import { type Comparison, compareReports } from './compare.ts'
import { findRun, readReport, type SavedRun } from './evidence.ts'

/** `latest` and `previous` refer to the lab of the other run, or to the lab that ran last. */
const RELATIVE = ['latest', 'previous']

/**
 * Reads two saved runs and compares them.
 *
 * @throws CodedError `UNKNOWN_RUN`, `OTHER_FORMAT`, `SAME_RUN` or `DIFFERENT_LABS`
 */
export async function loadComparison(
  first: string,
  second: string,
): Promise<Comparison & { readonly names: readonly [string, string] }> {
  const anchor = [first, second].find((run) => !RELATIVE.includes(run)) ?? 'latest'
  const lab = labOf(await findRun(anchor, undefined))
  const find = (run: string): Promise<SavedRun> =>
    findRun(run, RELATIVE.includes(run) ? lab : undefined)
  const runs = [await find(first), await find(second)] as const
  const names = [runs[0].name, runs[1].name] as const
  if (names[0] === names[1])
    throw new CodedError('SAME_RUN', `both are ${names[0]}`, { next: 'npx threshold history' })
  const [one, other] = [await requireReport(runs[0]), await requireReport(runs[1])]
  if (one.lab.id !== other.lab.id)
    throw new CodedError(
      'DIFFERENT_LABS',
      `${names[0]} ran lab ${one.lab.id} and ${names[1]} lab ${other.lab.id}`,
      { next: 'compare two runs of one lab: npx threshold history' },
    )
  return { ...compareReports(one, other), names }
}

const labOf = ({ name }: SavedRun): string => name.slice(0, name.indexOf('-'))

async function requireReport(run: SavedRun): Promise<Report> {
  const report = await readReport(run.dir)
  if (report !== undefined) return report
  throw new CodedError(
    'OTHER_FORMAT',
    `the report of ${run.name} has another format, or was cut off`,
    { next: `run the lab again: npx threshold lab ${labOf(run)}` },
  )
}

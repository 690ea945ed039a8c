import { basename } from 'node:path'
import type { ProgressEntry } from '../progress.ts'

export interface ExportedProgress {
  readonly v: 1
  readonly exportedAt: string
  readonly entries: readonly ProgressEntry[]
}

/** Evidence is named by its folder alone, since a path may contain the user's name. */
export const exportProgress = (
  progress: readonly ProgressEntry[],
  now: Date,
): ExportedProgress => ({
  v: 1,
  exportedAt: now.toISOString(),
  entries: progress.map((entry) =>
    entry.kind === 'ran' ? { ...entry, evidence: basename(entry.evidence) } : entry,
  ),
})

/** Tells the user what an export contains. */
export function describeExport({ entries }: ExportedProgress): string {
  const count = (kind: ProgressEntry['kind'], word: string): string => {
    const number = entries.filter((entry) => entry.kind === kind).length
    return `${number} ${word}${number === 1 ? '' : 's'}`
  }
  return (
    `${count('ran', 'run')}, ${count('hint', 'hint')}, ${count('explained', 'explanation')}: ` +
    'times, verdicts, your predictions with their reasons, and your own words; no host name, no path'
  )
}

import { z } from 'zod'

/** The part of vitest's JSON report that is used here. Its format is Jest's. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
})

export interface FileCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The counts of each file, because single files can be rerun. */
export type TestCounts = ReadonlyMap<string, FileCounts>

/** Undefined when there is no report. */
export function countTests(json: string | undefined): TestCounts | undefined {
  if (json === undefined) return undefined
  const { testResults } = reportSchema.parse(JSON.parse(json))
  return new Map(
    testResults.map(({ name, status, assertionResults }) => {
      const count = (...wanted: string[]): number =>
        assertionResults.filter((test) => wanted.includes(test.status)).length
      const failed = count('failed')
      // A file that does not load reports no tests. It counts as one failure.
      const notLoaded = status === 'failed' && failed === 0 ? 1 : 0
      return [
        name,
        {
          passed: count('passed'),
          failed: failed + notLoaded,
          skipped: count('skipped', 'pending', 'todo', 'disabled'),
        },
      ]
    }),
  )
}

export const failedFiles = (counts: TestCounts): string[] =>
  [...counts].filter(([, { failed }]) => failed > 0).map(([name]) => name)

/** The last line of a test run, which CI parses. */
export function formatCounts(counts: TestCounts): string {
  const sum = (status: keyof FileCounts): number =>
    [...counts.values()].reduce((total, file) => total + file[status], 0)
  const skipped = sum('skipped')
  const suffix = skipped === 0 ? '' : `, ${skipped} skipped`
  return `${sum('passed')} passed, ${sum('failed')} failed${suffix}`
}

import { z } from 'zod'

/** What is read of vitest's JSON report, which is Jest's. */
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

/** By file, since a file is what can be run once more by itself. */
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
      // A file that does not load has no tests to fail, and would otherwise count as nothing at
      // all.
      const unloaded = status === 'failed' && failed === 0 ? 1 : 0
      return [
        name,
        {
          passed: count('passed'),
          failed: failed + unloaded,
          skipped: count('skipped', 'pending', 'todo', 'disabled'),
        },
      ]
    }),
  )
}

export const failedFiles = (counts: TestCounts): string[] =>
  [...counts].filter(([, { failed }]) => failed > 0).map(([name]) => name)

/** One line to look for at the end of a long log. */
export function inWords(counts: TestCounts): string {
  const sum = (what: keyof FileCounts): number =>
    [...counts.values()].reduce((all, file) => all + file[what], 0)
  const skipped = sum('skipped')
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

import { z } from 'zod'

/** What is read of vitest's JSON report, which is Jest's. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
})

/** One line to look for at the end of a long log; undefined when there is no report, or none that counts anything. */
export function countTests(json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  const { testResults } = reportSchema.parse(JSON.parse(json))
  const statuses = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status))
  const count = (...wanted: string[]): number => statuses.filter((status) => wanted.includes(status)).length
  // A file that does not load has no tests to fail, and would otherwise count as nothing at all.
  const unloaded = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const skipped = count('skipped', 'pending', 'todo', 'disabled')
  return `${count('passed')} passed, ${count('failed') + unloaded} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

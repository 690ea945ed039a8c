import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allTests, clusterTests, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findLab } from '../labs.ts'
import { type Report, reportSchema } from '../report/schema.ts'
import { runLab } from '../run-lab.ts'

/**
 * These tests judge a lab, not the machine they run on; what a busy machine does to a verdict has a
 * test of its own.
 */
const ANY_MACHINE = { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 1_500 }
const LAB_MS = 240_000
const CLUSTER_MS = 900_000

export interface LabTest {
  /** Looks at what the first run measured. */
  readonly inspect?: (report: Report) => void
  /** A stage of it needs a Cassandra, and may share that of all tests. */
  readonly cassandra?: boolean
  /** It starts three nodes of its own. */
  readonly cluster?: boolean
}

/**
 * What every lab owes: at size tiny it is supported, and its wrong twin is refuted for its own
 * reason, both read from the report that it leaves. Ten minutes for all of them, so they run with
 * `--all`, as in CI; lab 1.1 has tests of its own, which always run.
 */
export function testLab(
  id: string,
  { inspect: more, cassandra = false, cluster = false }: LabTest = {},
): void {
  const runs = cluster ? clusterTests() : allTests()
  const when = cluster
    ? 'three nodes of Cassandra: runs with THRESHOLD_TEST_CLUSTER=1'
    : 'runs with --all'
  describe.runIf(runs)(
    runs ? `lab ${id}` : `lab ${id} (${when})`,
    { timeout: cluster ? CLUSTER_MS : LAB_MS },
    () => {
      const use = new AsyncDisposableStack()
      let run: (twin: boolean) => Promise<Report>
      beforeAll(async () => {
        const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
        use.defer(() => rm(evidenceDir, { recursive: true, force: true }))
        const { uri, label } = use.use(await leaseDatabase())
        const shared = cassandra ? use.use(await leaseKeyspace()) : undefined
        run = async (twin) => {
          const result = await runLab(id, {
            size: 'tiny',
            control: twin,
            evidenceDir,
            engine: { uri, label },
            cassandra: shared,
            machine: ANY_MACHINE,
          })
          const report = reportSchema.parse(JSON.parse(await readFile(result.reportJson, 'utf8')))
          expect(result.verdict).toBe(report.verdict)
          return report
        }
      })
      afterAll(() => use.disposeAsync())

      it('is supported', async () => {
        const report = await run(false)
        expect(report.verdict, report.reasons.join('\n')).toBe('supported')
        more?.(report)
      })

      it('is refuted as its wrong twin, by what the twin is about', async () => {
        const { verdict, reasons } = await run(true)
        expect(verdict, reasons.join('\n')).toBe('refuted')
        const lab = await findLab(id)
        for (const statement of lab.control.failsOn)
          expect(reasons).toContainEqual(expect.stringMatching(new RegExp(`^${statement} `)))
      })
    },
  )
}

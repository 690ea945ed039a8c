import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENGINE_ITEMS, prefetch } from '@threshold/engines'
import { allTests, clusterTests, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findLab } from '../labs.ts'
import { type Report, reportSchema } from '../report/schema.ts'
import { runLab } from '../run-lab.ts'

/** Accepts a busy machine, since these tests check the lab. Lab 1.1 tests what a busy one does. */
const ANY_MACHINE = { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 1_500 }
const LAB_MS = 240_000
const CLUSTER_MS = 900_000
/** Allows for 12 minutes of processor time on a busy machine. */
const BUILD_MS = 1_500_000

export interface LabTest {
  /** Further checks of the supported run's report. */
  readonly inspect?: (report: Report) => void
  /** The lab needs a Cassandra and may share the one of all tests. */
  readonly cassandra?: boolean
  /** The lab starts three Cassandra nodes of its own. */
  readonly cluster?: boolean
  /**
   * The lab counts cache misses of MongoDB. Where MongoDB is not available, the test builds the
   * stand-in that has such counters, once.
   */
  readonly cacheCounters?: boolean
}

/**
 * Tests a lab at size tiny: it is supported, and its negative control is refuted by the assertions
 * that it names. Both are read from the saved report. All labs together take ten minutes, so these
 * tests run only with `--all`, as in CI. Lab 1.1 has tests that always run.
 */
export function testLab(
  id: string,
  { inspect, cassandra = false, cluster = false, cacheCounters = false }: LabTest = {},
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
      let run: (control: boolean) => Promise<Report>
      if (cacheCounters) {
        const standIn = ENGINE_ITEMS.filter(({ id }) => id === 'secantusdb-rust')
        beforeAll(() => prefetch(undefined, standIn), BUILD_MS)
      }
      beforeAll(async () => {
        const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
        use.defer(() => rm(evidenceDir, { recursive: true, force: true }))
        const { uri, label } = use.use(await leaseDatabase())
        const shared = cassandra ? use.use(await leaseKeyspace()) : undefined
        run = async (control) => {
          const result = await runLab(id, {
            size: 'tiny',
            control,
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
        inspect?.(report)
      })

      it('is refuted as a negative control, by the assertions that the control names', async () => {
        const { verdict, reasons } = await run(true)
        expect(verdict, reasons.join('\n')).toBe('refuted')
        const lab = await findLab(id)
        for (const assertion of lab.control.failsOn)
          expect(reasons).toContainEqual(expect.stringMatching(new RegExp(`^${assertion} `)))
      })
    },
  )
}

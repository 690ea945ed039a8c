import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import { type Lab, type Report, type RunLabOptions, reportSchema, runLab } from '@threshold/lab-kit'
import { afterAll, beforeAll, expect } from 'vitest'

/** Accepts a busy machine, since these tests check the lab. `busy.serial.test.ts` tests one. */
export const ANY_MACHINE = { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 1_500 }

/**
 * Returns a function that runs a lab at size tiny on the shared engine and reads its report.json.
 */
export function tinyRuns(): (
  which: string | Lab,
  options?: Partial<RunLabOptions>,
) => Promise<Report> {
  let evidenceDir: string
  let database: LeasedDatabase
  beforeAll(async () => {
    evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
    database = await leaseDatabase()
  })
  afterAll(async () => {
    await database?.[Symbol.asyncDispose]()
    await rm(evidenceDir, { recursive: true, force: true })
  })
  return async (which, options = {}) => {
    const engine = { uri: database.uri, label: database.label }
    // Each run has its own directory, since concurrent runs may have the same start time.
    const runDir = await mkdtemp(join(evidenceDir, 'run-'))
    const result = await runLab(which, {
      size: 'tiny',
      evidenceDir: runDir,
      engine,
      machine: ANY_MACHINE,
      ...options,
    })
    const report = reportSchema.parse(JSON.parse(await readFile(result.reportJson, 'utf8')))
    expect(result.verdict).toBe(report.verdict)
    return report
  }
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import { type Lab, type Report, type RunLabOptions, reportSchema, runLab } from '@threshold/lab-kit'
import { afterAll, beforeAll, expect } from 'vitest'

/**
 * These tests judge the lab, not the machine they run on; what a busy machine does to a verdict has
 * a test of its own.
 */
export const ANY_MACHINE = { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 1_500 }

/**
 * Runs at size tiny on the engine that all tests share, and what their reports say: the page's word
 * is not enough.
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
    // Of its own: reports are named by the moment they begin, and some begin at once.
    const own = await mkdtemp(join(evidenceDir, 'run-'))
    const result = await runLab(which, {
      size: 'tiny',
      evidenceDir: own,
      engine,
      machine: ANY_MACHINE,
      ...options,
    })
    const report = reportSchema.parse(JSON.parse(await readFile(result.reportJson, 'utf8')))
    expect(result.verdict).toBe(report.verdict)
    return report
  }
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { allTests, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { reportSchema, runLab } from '@threshold/lab-kit'
import { expect, it } from 'vitest'

/**
 * The channel can be cleared only once, so a repeated trial in the same fixture would be worthless.
 */
it.runIf(allTests())(
  'repeats a disturbed trial with a new fixture',
  { timeout: 300_000 },
  async () => {
    const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
    await using engine = await leaseDatabase()
    await using cassandra = await leaseKeyspace()
    let generators = 0
    const disturbSecond = async (pid: number): Promise<void> => {
      generators += 1
      if (generators !== 2) return
      for (let n = 0; n < 10; n++) {
        process.kill(pid, 'SIGSTOP')
        await delay(2_500)
        process.kill(pid, 'SIGCONT')
        await delay(500)
      }
    }
    try {
      const { reportJson } = await runLab('2.4', {
        size: 'tiny',
        evidenceDir,
        engine: { uri: engine.uri, label: engine.label },
        cassandra,
        machine: { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 1_500 },
        onGenerator: (pid) => void disturbSecond(pid).catch(() => {}), // the generator may have ended
      })
      const report = reportSchema.parse(JSON.parse(await readFile(reportJson, 'utf8')))
      expect(report.discarded.map(({ reason }) => reason).join()).toContain(
        'fell behind its schedule',
      )
      expect(report.verdict, report.reasons.join('\n')).toBe('supported')
    } finally {
      await rm(evidenceDir, { recursive: true, force: true })
    }
  },
)

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reportSchema, runLab } from '@threshold/lab-kit'
import { expect, it } from 'vitest'
import { burnAllCores } from './disturbance.ts'

it('reports no verdict on a busy machine', async () => {
  const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
  try {
    await using _ = await burnAllCores()
    const { reportJson } = await runLab('1.1', {
      size: 'tiny',
      evidenceDir,
      machine: { maxWaitMs: 2_500 },
    })
    const report = reportSchema.parse(JSON.parse(await readFile(reportJson, 'utf8')))
    expect(report.verdict).toBe('could-not-run')
    expect(report.reasons.join('\n')).toMatch(
      /this machine is busy: .*(other programs use|its load is)/,
    )
    expect(report.samples).toEqual([])
  } finally {
    await rm(evidenceDir, { recursive: true, force: true })
  }
})

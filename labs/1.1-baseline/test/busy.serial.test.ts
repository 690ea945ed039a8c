import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runLab } from '@threshold/lab-kit'
import { expect, it } from 'vitest'
import lab from '../lab.ts'
import { burnAllCores } from './disturbance.ts'

it('reports no verdict on a busy machine, and names the programs and the next step', async () => {
  const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
  try {
    await using _ = await burnAllCores()
    const progress: string[] = []
    const { report, summary } = await runLab('1.1', {
      size: 'tiny',
      evidenceDir,
      machine: { maxWaitMs: 2_500 },
      onProgress: ({ text }) => progress.push(text),
    })
    expect(report.verdict).toBe('could-not-run')
    expect(report.reasons.join('\n')).toMatch(
      /this machine is busy: .*(other programs use|its load is)/,
    )
    expect(progress.join('\n')).toMatch(/^waiting .*: .*busiest: .*node.* \d s left; Ctrl-C ends/m)
    expect(report.samples).toEqual([])
    expect(report.busiest.map(({ name }) => name)).toContain('node')
    expect(report.nextStep).toMatch(/close .*node.*npx threshold lab 1\.1 --demo/)
    expect(report.noEngine).toMatch(/^this machine is busy/)
    expect(summary).toContain('No engine was started.')
  } finally {
    await rm(evidenceDir, { recursive: true, force: true })
  }
})

it('names the engine that was started, also if a later step fails', async () => {
  const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
  try {
    const broken = { ...lab.arms.today!, env: { THRESHOLD_RATE_REQUESTS: 'plenty' } }
    const arms = { ...lab.arms, today: broken }
    const { report } = await runLab({ ...lab, arms }, { size: 'tiny', demo: true, evidenceDir })
    expect(report.verdict).toBe('could-not-run')
    const engines = new Map(report.arms.map(({ name, engine }) => [name, engine?.text]))
    expect(engines.get('today')).toMatch(/\d/)
    expect(report.noEngine).toBeNull()
  } finally {
    await rm(evidenceDir, { recursive: true, force: true })
  }
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runLab } from '@threshold/lab-kit'
import { expect, it } from 'vitest'
import { burnAllCores } from '../../1.1-baseline/test/disturbance.ts'

it('shows the blast radius as a demonstration on a busy machine, without a verdict', async () => {
  const evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-evidence-'))
  try {
    await using _ = await burnAllCores(1)
    const { report } = await runLab('1.3', { size: 'tiny', demo: true, evidenceDir })
    expect(report.verdict, report.reasons.join('\n')).toBe('none')
    expect(report.reasons).toEqual([expect.stringContaining('has no verdict')])
    const { value: down } = report.figures.find(
      ({ arm, figure }) => arm === 'crashing' && figure === 'guilds down',
    )!
    expect(down).toBe(10)
    expect(report.headline.sentence).toContain('10 of 10 guilds')
  } finally {
    await rm(evidenceDir, { recursive: true, force: true })
  }
})

import type { Report } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import lab from '../lab.ts'
import { ownProcesses } from './disturbance.ts'
import { ANY_MACHINE, tinyRuns } from './tiny.ts'

const run = tinyRuns()

// The tests run concurrently: each has a stage of its own, and none measures speed.
describe.concurrent('a run has no verdict', () => {
  it('if the load is empty', async () => {
    const silent = lab.load.groups.map((group) => ({ ...group, messagesPerSecond: 0 }))
    const noGuilds = lab.load.groups.map((group) => ({ ...group, guilds: 0 }))
    expect(reasonsOf(await run({ ...lab, load: { ...lab.load, groups: silent } }))).toContain(
      'the load was empty',
    )
    expect(reasonsOf(await run({ ...lab, load: { ...lab.load, groups: noGuilds } }))).toContain(
      'the load was empty',
    )
  })

  it('if the load generator is killed', async () => {
    let generator = 0
    const report = await run('1.1', {
      onGenerator: (pid) => {
        generator = pid
      },
      onProgress: ({ text }) => {
        if (text.endsWith('load')) process.kill(generator, 'SIGKILL')
      },
    })
    expect(reasonsOf(report)).toContain('the load generator died (signal SIGKILL)')
  })

  it('if the load generator falls behind its schedule', async () => {
    const report = await run('1.1', {
      machine: { ...ANY_MACHINE, lagP99Ms: 100 },
      onGenerator: (pid) => {
        // Each pause makes the generator late, through no fault of the stage.
        const stutter = setInterval(() => {
          if (hasEnded(pid)) return clearInterval(stutter)
          process.kill(pid, 'SIGSTOP')
          setTimeout(() => hasEnded(pid) || process.kill(pid, 'SIGCONT'), 300)
        }, 500)
      },
    })
    expect(reasonsOf(report)).toContain('fell behind its schedule')
    expect(report.discarded.length).toBeGreaterThan(0)
  })

  it('if a stage does not start', async () => {
    const broken = { ...lab.arms.today!, env: { THRESHOLD_RATE_REQUESTS: 'plenty' } }
    const arms = { ...lab.arms, today: broken }
    expect(reasonsOf(await run({ ...lab, arms }))).toContain('THRESHOLD_RATE_REQUESTS')
  })

  it('if a fault targets an engine that the lab did not start', async () => {
    const fault = { second: 0.5, action: { kind: 'pause', target: 'engine' } } as const
    expect(reasonsOf(await run({ ...lab, fault }))).toContain('did not start that engine itself')
  })
})

// This test kills every stage of this process, so it cannot run beside the others.
describe('a run has no verdict', () => {
  it('if a stage ends unexpectedly', async () => {
    let killed = false
    const report = await run('1.1', {
      onProgress: ({ text }) => {
        if (killed || !text.endsWith('load')) return
        killed = true
        for (const pid of ownProcesses('stage')) process.kill(pid, 'SIGKILL')
      },
    })
    expect(reasonsOf(report)).toContain('stage 1 ended unexpectedly')
  })
})

function reasonsOf(report: Report): string {
  expect(report.verdict).toBe('could-not-run')
  return report.reasons.join('\n')
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

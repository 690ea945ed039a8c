import type { Report } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import lab from '../lab.ts'
import { ownProcesses } from './disturbance.ts'
import { ANY_MACHINE, tinyRuns } from './tiny.ts'

const run = tinyRuns()

// At once: each has a stage of its own, and none says how fast it was.
describe.concurrent('a run without a verdict', () => {
  it('comes of an empty load', async () => {
    const silent = lab.load.groups.map((group) => ({ ...group, messagesPerSecond: 0 }))
    const nobody = lab.load.groups.map((group) => ({ ...group, guilds: 0 }))
    expect(reasonsOf(await run({ ...lab, load: { ...lab.load, groups: silent } }))).toContain(
      'the load was empty',
    )
    expect(reasonsOf(await run({ ...lab, load: { ...lab.load, groups: nobody } }))).toContain(
      'the load was empty',
    )
  })

  it('comes of a load generator that is killed', async () => {
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

  it('comes of a load generator that falls behind its schedule', async () => {
    const report = await run('1.1', {
      machine: { ...ANY_MACHINE, lagP99Ms: 100 },
      onGenerator: (pid) => {
        // Stopped for a moment again and again: what it sends afterwards is late by its own fault.
        const stutter = setInterval(() => {
          if (isGone(pid)) return clearInterval(stutter)
          process.kill(pid, 'SIGSTOP')
          setTimeout(() => isGone(pid) || process.kill(pid, 'SIGCONT'), 300)
        }, 500)
      },
    })
    expect(reasonsOf(report)).toContain('fell behind its schedule')
    expect(report.discarded.length).toBeGreaterThan(0)
  })

  it('comes of a stage that does not start', async () => {
    const arms = {
      today: { stage: 'stage-1', env: { THRESHOLD_RATE_REQUESTS: 'plenty' } },
      tenfold: 'stage-1',
    } as const
    expect(reasonsOf(await run({ ...lab, arms }))).toContain('THRESHOLD_RATE_REQUESTS')
  })

  it('comes of a fault that needs an engine of its own, where the engine is not ours', async () => {
    const fault = { second: 0.5, action: { kind: 'pause', target: 'engine' } } as const
    expect(reasonsOf(await run({ ...lab, fault }))).toContain('the engine is not ours')
  })
})

describe('a run without a verdict, in which every stage that runs here is killed', () => {
  it('comes of a stage that dies by itself: a crash is no evidence', async () => {
    let killed = false
    const report = await run('1.1', {
      onProgress: ({ text }) => {
        if (killed || !text.endsWith('load')) return
        killed = true
        for (const pid of ownProcesses('stage')) process.kill(pid, 'SIGKILL')
      },
    })
    expect(reasonsOf(report)).toContain('stage 1 ended by itself')
  })
})

function reasonsOf(report: Report): string {
  expect(report.verdict).toBe('could-not-run')
  return report.reasons.join('\n')
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

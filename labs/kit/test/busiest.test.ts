import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { busiestPrograms, describeBusiest, snapshotProcesses } from '../src/run/busiest.ts'
import { sampleMemory } from '../src/run/memory.ts'
import { nextStepOf } from '../src/run/next-step.ts'

/** Process ids that no system gives, so that no program's real name is found. */
const FIRST_PID = 2 ** 30

const snapshot = (atMs: number, used: readonly [command: string, cpuSeconds: number][]) => ({
  atMs,
  processes: used.map(([command, cpuSeconds], index) => ({
    pid: FIRST_PID + index,
    parent: 1,
    command,
    cpuSeconds,
  })),
})

describe('the busiest programs', () => {
  it('are named with their share of all cores, processes of one name together', async () => {
    const before = snapshot(0, [
      ['cc1plus', 100],
      ['cc1plus', 5],
      ['chrome', 7],
    ])
    const after = snapshot(10_000, [
      ['cc1plus', 104],
      ['cc1plus', 9],
      ['chrome', 13],
      ['idle', 0.1],
    ])
    const programs = await busiestPrograms(before, after, 2)
    expect(programs).toEqual([
      { name: 'cc1plus', share: 0.4 },
      { name: 'chrome', share: 0.3 },
    ])
    expect(describeBusiest(programs)).toBe('cc1plus 40%, chrome 30%')
  })

  it('are at most three, and include a process whose id belonged to another one', async () => {
    const names = ['a', 'b', 'c', 'd']
    const before = snapshot(
      0,
      names.map((name) => [name, 50]),
    )
    const after = snapshot(
      1_000,
      names.map((name, index) => [name, (index + 1) / 10]),
    )
    const found = await busiestPrograms(before, after, 1)
    expect(found.map(({ name }) => name)).toEqual(['d', 'c', 'b'])
  })

  it('do not include this process, nor its children unless asked for', async () => {
    const before = await snapshotProcesses()
    const child = spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' })
    try {
      const found = (skipChildren: boolean) => async (): Promise<string[]> => {
        const after = await snapshotProcesses()
        // Even a small part of a busy machine with one core is above the limit.
        const programs = await busiestPrograms(before, after, 0.2, { skipChildren })
        return programs.map(({ name }) => name)
      }
      await expect.poll(found(false)).toContain('node')
      const own = { ...before, processes: before.processes.filter(({ pid }) => pid !== child.pid) }
      const after = await snapshotProcesses()
      const only = after.processes.filter(({ pid }) => pid === child.pid || pid === process.pid)
      expect(await busiestPrograms(own, { ...after, processes: only }, 0.2)).toEqual([])
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
})

describe('the next step of a lab that could not run', () => {
  const lab = { id: '1.3' }
  const busiest = [
    { name: 'cc1plus', share: 0.5 },
    { name: 'chrome', share: 0.2 },
  ]

  it('closes the busiest programs, or leads to a demonstration or the recorded run', () => {
    expect(nextStepOf({ lab, demo: false, recorded: true, busiest })).toBe(
      'close cc1plus and chrome, then run the same command again; or npx threshold lab 1.3 --demo shows everything and gives no verdict; or npx threshold lab 1.3 --recorded plays a recorded run',
    )
  })

  it('does not lead a demonstration to itself, nor to a recording that does not exist', () => {
    const next = nextStepOf({ lab, demo: true, recorded: false, busiest })
    expect(next).toBe('close cc1plus and chrome, then run the same command again')
  })

  it('prefers the step of the error, unless that is only the doctor', () => {
    const step = (next: string) => nextStepOf({ lab, demo: false, recorded: false, busiest, next })
    expect(step('unset THRESHOLD_MONGODB_URI')).toBe('unset THRESHOLD_MONGODB_URI')
    expect(step('npx threshold doctor')).toMatch(/^close cc1plus/)
  })

  it('is never empty on a calm machine', () => {
    const calm = { lab, demo: true, recorded: false, busiest: [] }
    expect(nextStepOf(calm)).toBe('npx threshold doctor')
  })
})

describe.runIf(process.platform === 'linux')('the memory of a lab', () => {
  it('includes the children of its children', { timeout: 60_000 }, async () => {
    using memory = sampleMemory()
    await expect.poll(() => memory.peak()).toBeGreaterThan(0)
    const before = memory.peak()!
    // The shell waits for its child, as a wrapper of an engine does.
    const script = `globalThis.kept = Buffer.alloc(300_000_000, 1); console.log('full'); setInterval(() => {}, 1_000)`
    const shell = spawn('/bin/sh', ['-c', '"$0" -e "$1"; true', process.execPath, script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    try {
      await once(shell.stdout, 'data')
      await expect.poll(() => memory.peak()! - before).toBeGreaterThan(250_000_000)
    } finally {
      process.kill(-shell.pid!, 'SIGKILL')
      await once(shell, 'exit')
    }
  })
})

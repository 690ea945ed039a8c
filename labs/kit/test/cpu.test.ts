import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { processTreeCpuSeconds } from '../src/run/cpu.ts'
import { type Snapshot, snapshotDelta } from '../src/run/snapshot.ts'

/** Other tests run at the same time, so the 400 ms are of CPU, not of the clock. */
const BURN = 'while (process.cpuUsage().user < 400_000);'

describe.runIf(process.platform === 'linux')('the CPU of a process tree', () => {
  it('includes the CPU of children that have ended', async () => {
    const before = processTreeCpuSeconds()!
    const child = spawn(process.execPath, ['-e', BURN], { stdio: 'ignore' })
    let whileItRan = before
    const watching = setInterval(() => {
      whileItRan = processTreeCpuSeconds()!
    }, 50)
    await once(child, 'exit')
    clearInterval(watching)
    const after = processTreeCpuSeconds()!
    expect(whileItRan).toBeGreaterThan(before)
    expect(after - before).toBeGreaterThan(0.3)
    expect(after).toBeGreaterThanOrEqual(whileItRan)
  })
})

describe('the CPU of other programs', () => {
  const at = (atMs: number, change: Partial<Snapshot>): Snapshot => ({
    atMs,
    counters: undefined,
    machineCpu: 0,
    engineCpu: 0,
    processes: new Map([[1, { cpu: 0, metrics: undefined }]]),
    labCpu: 0,
    enginePids: [2],
    ...change,
  })

  it('is known even if the stage or the engine restarted, or a node joined', () => {
    const before = at(0, { machineCpu: 100, labCpu: 40 })
    for (const change of [
      { processes: new Map([[7, { cpu: 0, metrics: undefined }]]) },
      { enginePids: [7] },
      { enginePids: [2, 3, 4] },
    ]) {
      const after = at(10_000, { machineCpu: 118, labCpu: 50, ...change })
      expect(snapshotDelta(before, after).machine.othersCores).toBeCloseTo(0.8)
    }
  })

  it('is unknown if the lab did not start an engine', () => {
    const before = at(0, { machineCpu: 100, labCpu: undefined })
    expect(
      snapshotDelta(before, at(10_000, { machineCpu: 118, labCpu: undefined })).machine.othersCores,
    ).toBeNull()
  })
})

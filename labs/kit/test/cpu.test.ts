import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { familyCpuSeconds } from '../src/run/cpu.ts'
import { between, type Look } from '../src/run/look.ts'

const BURN = 'const until = Date.now() + 400; while (Date.now() < until);'

describe.runIf(process.platform === 'linux')('the CPU of a process and those it started', () => {
  it('keeps what one of them had used when it ended', async () => {
    const before = familyCpuSeconds()!
    const child = spawn(process.execPath, ['-e', BURN], { stdio: 'ignore' })
    let whileItRan = before
    const watching = setInterval(() => {
      whileItRan = familyCpuSeconds()!
    }, 50)
    await once(child, 'exit')
    clearInterval(watching)
    const after = familyCpuSeconds()!
    // Beside other tests it does not get all of its 400 ms.
    expect(whileItRan).toBeGreaterThan(before)
    expect(after - before).toBeGreaterThan(0.1)
    expect(after).toBeGreaterThanOrEqual(whileItRan)
  })
})

describe('what others used', () => {
  const at = (atMs: number, change: Partial<Look>): Look => ({
    atMs,
    metrics: undefined,
    counters: undefined,
    machineCpu: 0,
    engineCpu: 0,
    stageCpu: 0,
    ourCpu: 0,
    stagePid: 1,
    enginePids: [2],
    ...change,
  })

  it('is known although stage and engine were restarted meanwhile, or a node joined', () => {
    const before = at(0, { machineCpu: 100, ourCpu: 40 })
    for (const change of [{ stagePid: 7 }, { enginePids: [7] }, { enginePids: [2, 3, 4] }]) {
      const after = at(10_000, { machineCpu: 118, ourCpu: 50, ...change })
      expect(between(before, after).machine.othersCores).toBeCloseTo(0.8)
    }
  })

  it('is not known where an engine is not ours to look into', () => {
    const before = at(0, { machineCpu: 100, ourCpu: undefined })
    expect(
      between(before, at(10_000, { machineCpu: 118, ourCpu: undefined })).machine.othersCores,
    ).toBeNull()
  })
})

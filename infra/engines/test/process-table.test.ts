import { describe, expect, it } from 'vitest'
import { descendantsOf, listProcesses, parsePs, programName } from '../src/process/table.ts'

describe('the process table', () => {
  it('has this process with its parent, CPU time and program', async () => {
    const processes = await listProcesses()
    const own = processes.find(({ pid }) => pid === process.pid)!
    expect(own.parent).toBe(process.ppid)
    expect(own.cpuSeconds).toBeGreaterThan(0)
    expect(await programName(own)).toBe('node')
    expect(descendantsOf(processes, process.ppid)).toContain(process.pid)
  })

  it('is read from ps, whose times differ between systems', () => {
    const output = [
      '    1     0   0:12.34   5000 launchd',
      '  300     1 1-02:03:04  10000 Google Chrome He',
      'garbage',
    ].join('\n')
    expect(parsePs(output)).toEqual([
      { pid: 1, parent: 0, command: 'launchd', cpuSeconds: 12.34, memoryBytes: 5_120_000 },
      {
        pid: 300,
        parent: 1,
        command: 'Google Chrome He',
        cpuSeconds: 93_784,
        memoryBytes: 10_240_000,
      },
    ])
  })

  it('has the descendants of a process, and survives a loop', () => {
    const entry = (pid: number, parent: number) => ({ pid, parent, command: 'x', cpuSeconds: 0 })
    const table = [entry(2, 1), entry(3, 2), entry(4, 9), entry(9, 4)]
    expect([...descendantsOf(table, 1)].sort()).toEqual([2, 3])
    expect([...descendantsOf(table, 4)].sort()).toEqual([4, 9])
  })
})

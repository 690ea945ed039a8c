import { describe, expect, it } from 'vitest'
import { parseProcStat } from '../src/process/proc-stat.ts'

describe('/proc/PID/stat', () => {
  it('is parsed also if a command contains spaces and parentheses', () => {
    const stat = `42 (Web (a) b) S 7 ${'0 '.repeat(9)}150 50 30 10 20 0 3 0 987654 0`
    expect(parseProcStat(stat)).toEqual({
      pid: 42,
      command: 'Web (a) b',
      state: 'S',
      parent: 7,
      threads: 3,
      startTicks: '987654',
      cpuSeconds: 2,
      endedChildrenCpuSeconds: 0.4,
    })
  })

  it('is rejected if it is cut off', () => {
    expect(parseProcStat('')).toBeUndefined()
    expect(parseProcStat('42 (node) S 7 0')).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { parseMetrics } from '../src/run/metrics.ts'
import { type ProcessSnapshot, type Snapshot, snapshotDelta } from '../src/run/snapshot.ts'

const aProcess = (
  cpu: number,
  mebibytes: number,
  gap: number,
  inserts: number,
): ProcessSnapshot => ({
  cpu,
  metrics: parseMetrics(
    [
      `process_resident_memory_bytes ${mebibytes * 2 ** 20}`,
      `threshold_event_loop_gap_max_seconds ${gap}`,
      `threshold_store_operations_total{operation="insert"} ${inserts}`,
    ].join('\n'),
  ),
})

const at = (atMs: number, processes: Record<number, ProcessSnapshot>): Snapshot => ({
  atMs,
  processes: new Map(Object.entries(processes).map(([pid, each]) => [Number(pid), each])),
  counters: undefined,
  machineCpu: 0,
  engineCpu: 0,
  labCpu: 0,
  enginePids: [],
})

describe('the sample of a stage of several processes', () => {
  it('sums CPU, memory and operations, and has the longest gap', () => {
    const before = at(0, { 1: aProcess(5, 100, 0.1, 10), 2: aProcess(3, 100, 0.1, 10) })
    const after = at(10_000, { 1: aProcess(10, 110, 0.2, 30), 2: aProcess(4, 100, 0.5, 15) })
    expect(snapshotDelta(before, after).stage).toEqual({
      cores: 0.6,
      memoryBytes: 210 * 2 ** 20,
      gapMaxMs: 500,
      operations: { insert: 25 },
    })
  })

  it('counts a process that was started again from zero', () => {
    const before = at(0, { 1: aProcess(5, 100, 0.1, 10), 2: aProcess(3, 100, 0.1, 10) })
    const after = at(10_000, { 1: aProcess(5, 100, 0.1, 10), 7: aProcess(2, 50, 0.1, 4) })
    expect(snapshotDelta(before, after).stage).toMatchObject({
      cores: 0.2,
      operations: { insert: 4 },
    })
  })

  it('has no memory while a process does not answer', () => {
    const before = at(0, { 1: aProcess(5, 100, 0.1, 10) })
    const after = at(10_000, { 1: { cpu: 6, metrics: undefined } })
    expect(snapshotDelta(before, after).stage).toEqual({
      cores: 0.1,
      memoryBytes: null,
      gapMaxMs: null,
      operations: null,
    })
  })
})

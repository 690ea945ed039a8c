import { loadavg } from 'node:os'
import type { Engine } from '@threshold/engines'
import { machineCpuSeconds, processCpuSeconds, processTreeCpuSeconds } from './cpu.ts'
import { counterIncrease, readEngineCounters } from './engine-counters.ts'
import { byLabel, type Metrics, metric, scrape } from './metrics.ts'
import type { Sample, StageSample } from './sample.ts'
import type { System } from './system.ts'

/** The counters of all parts at one moment. The difference of two is what a trial used. */
export interface Snapshot {
  readonly atMs: number
  readonly metrics: Metrics | undefined
  readonly counters: Record<string, number> | undefined
  readonly machineCpu: number
  readonly engineCpu: number | undefined
  readonly stageCpu: number | undefined
  /**
   * CPU seconds of the lab and all processes that it started, ended ones included. Undefined if an
   * engine is not among them, or if the system does not report it.
   */
  readonly labCpu: number | undefined
  /** A restarted process has another id, and its counters start at zero. */
  readonly stagePid: number
  readonly enginePids: readonly number[]
}

export async function takeSnapshot(system: System): Promise<Snapshot> {
  const { stage, mongo, cassandra } = system
  const enginePids = [mongo.engine, ...(cassandra?.engine?.nodes() ?? [])].flatMap(
    (engine) => engine?.pid ?? [],
  )
  const [metrics, counters, engineCpu, stageCpu] = await Promise.all([
    scrape(stage.url),
    readEngineCounters(system).catch(() => undefined),
    cpuOfAll(enginePids),
    processCpuSeconds(stage.pid),
  ])
  return {
    atMs: performance.now(),
    metrics,
    counters,
    machineCpu: machineCpuSeconds(),
    engineCpu,
    stageCpu,
    labCpu:
      startedHere(mongo.engine) && (cassandra === undefined || startedHere(cassandra.engine))
        ? processTreeCpuSeconds()
        : undefined,
    stagePid: stage.pid,
    enginePids,
  }
}

/** True for a local process that this one started, even after it was killed. */
const startedHere = (engine: Engine | undefined): boolean => engine?.label.provider === 'native'

/** Undefined if the list is empty, or if the time of one process is unknown. */
async function cpuOfAll(pids: readonly number[]): Promise<number | undefined> {
  const each = await Promise.all(pids.map(processCpuSeconds))
  return each.length > 0 && each.every((seconds) => seconds !== undefined)
    ? each.reduce((sum, seconds) => sum + seconds, 0)
    : undefined
}

export function snapshotDelta(
  before: Snapshot,
  after: Snapshot,
): Pick<Sample, 'stage' | 'engine' | 'machine'> {
  const seconds = (after.atMs - before.atMs) / 1_000
  const rate = (from: number | undefined, to: number | undefined): number | null =>
    known(((to ?? Number.NaN) - (from ?? Number.NaN)) / seconds)
  const newStage = before.stagePid !== after.stagePid
  const newEngine = String(before.enginePids) !== String(after.enginePids)
  const engineCores = rate(newEngine ? 0 : before.engineCpu, after.engineCpu)
  const othersCores = rate(othersCpu(before), othersCpu(after))
  return {
    stage: stageBetween(
      newStage ? new Map() : before.metrics,
      after.metrics,
      rate(newStage ? 0 : cpuOf(before), cpuOf(after)),
    ),
    ...(before.counters === undefined || after.counters === undefined
      ? {}
      : {
          engine: {
            counters: counterIncrease(newEngine ? {} : before.counters, after.counters),
            ...(engineCores === null ? {} : { cores: engineCores }),
          },
        }),
    machine: {
      loadAverage: loadavg()[0] ?? 0,
      othersCores: othersCores === null ? null : Math.max(0, othersCores),
    },
  }
}

/** CPU seconds that other programs used. */
const othersCpu = ({ machineCpu, labCpu: ourCpu }: Snapshot): number | undefined =>
  ourCpu === undefined ? undefined : machineCpu - ourCpu

/** Prefers the operating system's figure, which exists even if the stage does not answer. */
const cpuOf = ({ stageCpu, metrics }: Snapshot): number | undefined =>
  stageCpu ?? (metrics === undefined ? undefined : metric(metrics, 'process_cpu_seconds_total'))

function stageBetween(
  before: Metrics | undefined,
  after: Metrics | undefined,
  cores: number | null,
): StageSample {
  if (before === undefined || after === undefined)
    return { cores, memoryBytes: null, gapMaxMs: null, operations: null }
  return {
    cores,
    memoryBytes: known(metric(after, 'process_resident_memory_bytes')),
    gapMaxMs: known(metric(after, 'threshold_event_loop_gap_max_seconds') * 1_000),
    operations: counterIncrease(operationsOf(before), operationsOf(after)),
  }
}

const operationsOf = (metrics: Metrics): Record<string, number> =>
  byLabel(metrics, 'threshold_store_operations_total', 'operation')
const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

import { loadavg } from 'node:os'
import type { Engine, RoleProcess } from '@threshold/engines'
import { machineCpuSeconds, processCpuSeconds, processTreeCpuSeconds } from './cpu.ts'
import { counterIncrease, readEngineCounters } from './engine-counters.ts'
import { byLabel, type Metrics, metric, scrape } from './metrics.ts'
import type { Sample, StageSample } from './sample.ts'
import type { System } from './system.ts'

/** One process of a stage at one moment. */
export interface ProcessSnapshot {
  /** Undefined if the process does not answer. */
  readonly metrics: Metrics | undefined
  /** CPU seconds since its start. */
  readonly cpu: number | undefined
}

/** The counters of all parts at one moment. The difference of two is what a trial used. */
export interface Snapshot {
  readonly atMs: number
  /** The processes of the stage, by their ids. One that was restarted has another id. */
  readonly processes: ReadonlyMap<number, ProcessSnapshot>
  readonly counters: Record<string, number> | undefined
  readonly machineCpu: number
  readonly engineCpu: number | undefined
  /**
   * CPU seconds of the lab and all processes that it started, ended ones included. Undefined if an
   * engine is not among them, or if the system does not report it.
   */
  readonly labCpu: number | undefined
  readonly enginePids: readonly number[]
}

export async function takeSnapshot(system: System): Promise<Snapshot> {
  const { stage, mongo, cassandra, nats } = system
  const enginePids = [mongo.engine, ...(cassandra?.engine?.nodes() ?? [])].flatMap(
    (engine) => engine?.pid ?? [],
  )
  const [processes, counters, engineCpu] = await Promise.all([
    Promise.all(stage.roles.map(processSnapshot)),
    readEngineCounters(system).catch(() => undefined),
    cpuOfAll(enginePids),
  ])
  return {
    atMs: performance.now(),
    processes: new Map(processes),
    counters,
    machineCpu: machineCpuSeconds(),
    engineCpu,
    labCpu: startedAllHere([mongo, cassandra, nats && { engine: nats }])
      ? processTreeCpuSeconds()
      : undefined,
    enginePids,
  }
}

async function processSnapshot({ pid, url }: RoleProcess): Promise<[number, ProcessSnapshot]> {
  const [metrics, cpu] = await Promise.all([scrape(url), processCpuSeconds(pid)])
  return [pid, { metrics, cpu: cpu ?? (metrics && metric(metrics, 'process_cpu_seconds_total')) }]
}

/** True if each engine is a local process that this one started, even after it was killed. */
const startedAllHere = (
  engines: readonly ({ engine: Engine | undefined } | undefined)[],
): boolean =>
  engines.every((each) => each === undefined || each.engine?.label.provider === 'native')

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
  const newEngine = String(before.enginePids) !== String(after.enginePids)
  const engineCores = rate(newEngine ? 0 : before.engineCpu, after.engineCpu)
  const othersCores = rate(othersCpu(before), othersCpu(after))
  return {
    stage: stageBetween(before.processes, after.processes, seconds),
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

/** Sums what the processes of a stage used. A process that was not there before started at zero. */
function stageBetween(
  before: Snapshot['processes'],
  after: Snapshot['processes'],
  seconds: number,
): StageSample {
  const used = [...after].map(([pid, { cpu = Number.NaN, metrics }]) => {
    const earlier = before.get(pid) ?? { cpu: 0, metrics: new Map<string, number>() }
    return {
      cpu: cpu - (earlier.cpu ?? Number.NaN),
      metrics,
      operations:
        metrics &&
        earlier.metrics &&
        counterIncrease(operationsOf(earlier.metrics), operationsOf(metrics)),
    }
  })
  const cores = known(sum(used.map(({ cpu }) => cpu)) / seconds)
  const answering = used.flatMap(({ metrics, operations }) =>
    metrics && operations ? [{ metrics, operations }] : [],
  )
  if (answering.length < used.length)
    return { cores, memoryBytes: null, gapMaxMs: null, operations: null }
  const valuesOf = (name: string) => answering.map(({ metrics }) => metric(metrics, name))
  return {
    cores,
    memoryBytes: known(sum(valuesOf('process_resident_memory_bytes'))),
    gapMaxMs: known(Math.max(...valuesOf('threshold_event_loop_gap_max_seconds')) * 1_000),
    operations: sumByKey(answering.map(({ operations }) => operations)),
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function sumByKey(counters: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const each of counters)
    for (const [key, value] of Object.entries(each)) sums[key] = (sums[key] ?? 0) + value
  return sums
}

const operationsOf = (metrics: Metrics): Record<string, number> =>
  byLabel(metrics, 'threshold_store_operations_total', 'operation')
const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

import { join } from 'node:path'
import type { OnProgress } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { describeFault, type Fault } from '../faults.ts'
import { type Intervention, SECONDS_AFTER_LOAD, type TrialContext } from '../intervention.ts'
import type { LoadReport } from '../load/report.ts'
import type { PlannedArm } from '../plan.ts'
import { startGenerator } from './generator-process.ts'
import { prepareFault, requireOwnTarget } from './inject-fault.ts'
import { sampleMemory } from './memory.ts'
import type { MachineLimits } from './preflight.ts'
import { lowerAllButGenerator } from './priority.ts'
import type { Sample } from './sample.ts'
import { type Snapshot, snapshotDelta, takeSnapshot } from './snapshot.ts'
import type { System } from './system.ts'

export interface TrialOptions {
  readonly arm: PlannedArm
  readonly round: number
  readonly system: System
  readonly limits: Pick<MachineLimits, 'lowerPriorities'>
  /** Directory for the raw samples. */
  readonly samplesDir: string
  readonly onProgress: OnProgress
  /** Receives the process id of the load generator. */
  readonly onGenerator?: ((pid: number) => void) | undefined
}

/**
 * Runs one arm once with a load generator of its own: warm-up, measured load with its fault or
 * intervention, drain.
 *
 * @throws CodedError if the generator, or a process without a fault, ends during the trial
 */
export async function runTrial({
  arm,
  round,
  system,
  limits,
  samplesDir,
  onProgress,
  onGenerator,
}: TrialOptions): Promise<Sample> {
  if (arm.fault !== undefined && 'target' in arm.fault.action)
    requireOwnTarget(arm.fault.action.target, system)
  const title = `round ${round}, ${arm.name}`
  const raw = `${arm.name}-${round}.jsonl.gz`
  const guilds = system.fixture.guildsFor(arm.load)
  const inject =
    arm.fault === undefined ? undefined : await prepareFault(arm.fault.action, system, guilds)
  await using generator = await startGenerator()
  onGenerator?.(generator.pid)
  await generator.prepare(
    {
      baseUrl: system.stage.url,
      load: arm.load,
      guilds,
      marker: `${round}${Math.random().toString(36).slice(2, 8)}`,
      samplesFile: join(samplesDir, raw),
    },
    (done, total) => onProgress({ text: `${title}: sockets`, done, total }),
  )
  using _ = limits.lowerPriorities ? await lowerAllButGenerator(system, generator.pid) : undefined
  using memory = sampleMemory()
  let before: Promise<Snapshot> | undefined
  let fault: ScheduledFault | undefined
  let intervention: Promise<Counts> | undefined
  const load = await generator.run({
    onMeasuring() {
      before = takeSnapshot(system)
      if (arm.fault !== undefined && inject !== undefined) fault = scheduleFault(arm.fault, inject)
      if (arm.intervention !== undefined)
        intervention = startIntervention(arm.intervention, {
          ...system,
          guilds,
          loadSeconds: arm.load.seconds,
          log: (text) => onProgress({ text }),
        })
    },
    onSecond: (done, total) => onProgress({ text: `${title}: load`, done, total }),
  })
  const faults = fault === undefined ? [] : [await fault.injected()]
  const reported = await intervention
  if (arm.fault === undefined) assertAlive(system)
  const delta = snapshotDelta(
    (await before) ?? (await takeSnapshot(system)),
    await takeSnapshot(system),
  )
  return {
    arm: arm.name,
    round,
    load,
    ...delta,
    faults,
    memoryPeakBytes: memory.peak(),
    ...(reported === undefined ? {} : { reported }),
    raw,
  }
}

type Counts = Readonly<Record<string, number>>

function startIntervention(intervention: Intervention, context: TrialContext): Promise<Counts> {
  const started = performance.now()
  const work = intervention.run(context).then((counts) => {
    const seconds = (performance.now() - started) / 1_000
    return { ...counts, [SECONDS_AFTER_LOAD]: Math.max(0, seconds - context.loadSeconds) }
  })
  work.catch(() => {}) // the caller awaits it after the load
  return work
}

interface ScheduledFault {
  /** Resolves with the fault's description once it was injected. */
  injected(): Promise<string>
}

function scheduleFault(fault: Fault, inject: () => Promise<void>): ScheduledFault {
  let injection: Promise<void> | undefined
  const timer = setTimeout(() => {
    injection = inject()
    injection.catch(() => {}) // the caller awaits it after the load
  }, fault.second * 1_000)
  return {
    async injected() {
      clearTimeout(timer)
      if (injection === undefined)
        throw new CodedError(
          'FAULT_NOT_REACHED',
          `the load ended before the fault was due (${describeFault(fault)})`,
        )
      await injection
      return describeFault(fault)
    },
  }
}

/** A process that ends without a fault has crashed, and the trial says nothing about the stage. */
function assertAlive({ stage, mongo, cassandra }: System): void {
  const exit = stage.exitReason()
  if (exit !== undefined)
    throw new CodedError(
      'STAGE_DIED',
      `stage ${stage.stage} ended unexpectedly (${exit})\n${stage.tail().trim().split('\n').slice(-5).join('\n')}`,
    )
  for (const engine of [mongo.engine, cassandra?.engine]) {
    if (engine?.state() === 'died')
      throw new CodedError('ENGINE_DIED', `${engine.label.product} ended unexpectedly`)
  }
}

/**
 * Returns why the trial must be discarded, or undefined if it counts. The decision does not look at
 * the lab's expectations.
 */
export function rejectReason(
  sample: Sample,
  cores: number,
  limits: MachineLimits,
): string | undefined {
  const { load, machine } = sample
  const { lagP99Ms } = load.generator
  const unsent = load.sends.unsent + load.reads.unsent
  if (isEmpty(load)) return 'the load was empty: no send was due, or no socket was open'
  if (unsent > 0) return `the load generator left ${unsent} sends and reads unsent`
  if (lagP99Ms > limits.lagP99Ms)
    return `the load generator fell behind its schedule by ${Math.round(lagP99Ms)} ms (p99); the limit is ${limits.lagP99Ms} ms`
  // An unknown CPU use of other programs is no reason to discard the trial. The report mentions it
  // instead: see `caveatsOf`.
  const share = (machine.othersCores ?? 0) / cores
  if (share > limits.othersShare)
    return `other programs used ${Math.round(share * 100)}% of the machine's CPU meanwhile`
  return undefined
}

const isEmpty = ({ sends, sockets }: LoadReport): boolean => sends.due === 0 || sockets.opened === 0

import { join } from 'node:path'
import type { OnProgress } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { PlannedArm } from '../define.ts'
import { describeFault, type Fault } from '../faults.ts'
import { type Intervention, SECONDS_AFTER_LOAD, type TrialContext } from '../intervention.ts'
import type { LoadReport } from '../load/report.ts'
import { startGenerator } from './generator-process.ts'
import { injectFault, requireOwnTarget } from './inject-fault.ts'
import type { MachineLimits } from './preflight.ts'
import { lowerAllButGenerator } from './priority.ts'
import type { Sample } from './sample.ts'
import { type Snapshot, snapshotDelta, takeSnapshot } from './snapshot.ts'
import type { System } from './system.ts'

export interface TrialOptions {
  readonly arm: PlannedArm
  readonly round: number
  readonly system: System
  /** Where raw samples go. */
  readonly dir: string
  readonly onProgress: OnProgress
  /** Told the generator's process id: a test kills it. */
  readonly onGenerator?: ((pid: number) => void) | undefined
}

/** One arm, once: a generator of its own, warm-up, load, fault, drain. */
export async function runTrial({
  arm,
  round,
  system,
  dir,
  onProgress,
  onGenerator,
}: TrialOptions): Promise<Sample> {
  if (arm.fault !== undefined && 'target' in arm.fault.action)
    requireOwnTarget(arm.fault.action.target, system)
  const what = `round ${round}, ${arm.name}`
  const raw = `${arm.name}-${round}.jsonl.gz`
  const guilds = system.fixture.guildsFor(arm.load)
  await using generator = await startGenerator()
  onGenerator?.(generator.pid)
  await generator.prepare(
    {
      baseUrl: system.stage.url,
      load: arm.load,
      guilds,
      marker: `${round}${Math.random().toString(36).slice(2, 8)}`,
      samplesFile: join(dir, raw),
    },
    (done, total) => onProgress({ text: `${what}: sockets`, done, total }),
  )
  using _ = await lowerAllButGenerator(system, generator.pid)
  let before: Promise<Snapshot> | undefined
  let fault: Scheduled | undefined
  let deed: Promise<Told> | undefined
  const load = await generator.run({
    onMeasuring() {
      before = takeSnapshot(system)
      if (arm.fault !== undefined)
        fault = scheduleFault(arm.fault, () => injectFault(arm.fault!.action, system, guilds))
      if (arm.intervention !== undefined)
        deed = startIntervention(arm.intervention, {
          ...system,
          guilds,
          loadSeconds: arm.load.seconds,
          log: (text) => onProgress({ text }),
        })
    },
    onSecond: (done, total) => onProgress({ text: `${what}: load`, done, total }),
  })
  const faults = fault === undefined ? [] : [await fault.done()]
  const told = await deed
  if (arm.fault === undefined) assertAlive(system)
  const seen = snapshotDelta(
    (await before) ?? (await takeSnapshot(system)),
    await takeSnapshot(system),
  )
  return {
    arm: arm.name,
    round,
    load,
    ...seen,
    faults,
    ...(told === undefined ? {} : { reported: told }),
    raw,
  }
}

type Told = Readonly<Record<string, number>>

function startIntervention(deed: Intervention, scene: TrialContext): Promise<Told> {
  const started = performance.now()
  const work = deed.run(scene).then((told) => {
    const seconds = (performance.now() - started) / 1_000
    return { ...told, [SECONDS_AFTER_LOAD]: Math.max(0, seconds - scene.loadSeconds) }
  })
  work.catch(() => {}) // it is awaited, and told, after the load
  return work
}

interface Scheduled {
  /** What was done, in words. */
  done(): Promise<string>
}

function scheduleFault(fault: Fault, act: () => Promise<void>): Scheduled {
  let acting: Promise<void> | undefined
  const timer = setTimeout(() => {
    acting = act()
    acting.catch(() => {}) // it is awaited, and told, after the load
  }, fault.second * 1_000)
  return {
    async done() {
      clearTimeout(timer)
      if (acting === undefined)
        throw new CodedError(
          'FAULT_NOT_REACHED',
          `the load was over before the fault was due (${describeFault(fault)})`,
        )
      await acting
      return describeFault(fault)
    },
  }
}

/** What ends without a fault of ours has crashed, and a crash is no evidence. */
function assertAlive({ stage, mongo, cassandra }: System): void {
  const ended = stage.exitReason()
  if (ended !== undefined)
    throw new CodedError(
      'STAGE_DIED',
      `stage ${stage.stage} ended by itself (${ended})\n${stage.tail().trim().split('\n').slice(-5).join('\n')}`,
    )
  for (const engine of [mongo.engine, cassandra?.engine]) {
    if (engine?.state() === 'died')
      throw new CodedError('ENGINE_DIED', `${engine.label.product} ended by itself`)
  }
}

/** Why nothing may be concluded from this visit. Decided without a look at what is claimed. */
export function rejectReason(
  sample: Sample,
  cores: number,
  limits: MachineLimits,
): string | undefined {
  const { load, machine } = sample
  if (isEmpty(load))
    return 'the load was empty: nothing was due to be sent, or nobody was there to get it'
  if (load.sends.unsent + load.reads.unsent > 0)
    return `the load generator left ${load.sends.unsent + load.reads.unsent} sends unsent`
  if (load.generator.lagP99Ms > limits.lagP99Ms)
    return `the load generator fell behind its schedule by ${Math.round(load.generator.lagP99Ms)} ms (p99), and ${limits.lagP99Ms} ms is the most`
  // What cannot be told is no ground to throw a visit away. The report says that nobody knows: see
  // `caveatsOf`.
  const share = (machine.othersCores ?? 0) / cores
  if (share > limits.othersShare)
    return `other programs used ${Math.round(share * 100)}% of the machine's CPU meanwhile`
  return undefined
}

const isEmpty = ({ sends, sockets }: LoadReport): boolean => sends.due === 0 || sockets.opened === 0

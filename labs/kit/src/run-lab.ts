import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { noProgress, type OnProgress, registerProcess } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { findLab, folderOf, REPOSITORY } from './labs.ts'
import { type PlannedArm, planArms } from './plan.ts'
import type { Prediction } from './predict/question.ts'
import { definitionHash } from './recording/definition.ts'
import { hasRecording } from './recording/recording.ts'
import { buildReport, type Measured, stagesOf } from './report/build.ts'
import { locateCode } from './report/headline.ts'
import type { Report } from './report/schema.ts'
import { summaryOf } from './report/summary.ts'
import { type BusyProgram, busiestPrograms, snapshotProcesses } from './run/busiest.ts'
import type { SharedEngine } from './run/engines.ts'
import { readEnvironment } from './run/environment.ts'
import { saveEvidence } from './run/evidence.ts'
import { nextStepOf } from './run/next-step.ts'
import {
  ANY_MACHINE,
  describeBusy,
  MACHINE_LIMITS,
  type MachineLimits,
  waitUntilCalm,
} from './run/preflight.ts'
import { codedMessageOf, runRounds } from './run/rounds.ts'
import { openSystems, type System } from './run/system.ts'
import type { Lab, Size } from './spec.ts'
import type { Verdict } from './verdict.ts'

export interface RunLabOptions {
  readonly size: Size
  readonly prediction?: Prediction | undefined
  /** Run the negative control, whose verdict must be `refuted`. */
  readonly control?: boolean | undefined
  /** Run on a busy machine too, show everything, and give no verdict. */
  readonly demo?: boolean | undefined
  readonly onProgress?: OnProgress | undefined
  /** Where evidence is saved; `.threshold/evidence` in the repository by default. */
  readonly evidenceDir?: string | undefined
  /** A MongoDB that others use too. The lab starts its own if there is none. */
  readonly engine?: SharedEngine | undefined
  /** A Cassandra that others use too, for stages that need one. */
  readonly cassandra?: SharedEngine | undefined
  /** How busy the machine may be with other programs. */
  readonly machine?: Partial<MachineLimits> | undefined
  /** Receives the process id of each load generator. */
  readonly onGenerator?: ((pid: number) => void) | undefined
}

export interface LabResult {
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  readonly reportHtml: string
  readonly reportJson: string
  /** A few lines for a terminal. */
  readonly summary: string
  readonly report: Report
}

/**
 * Runs a lab and saves its evidence. If something keeps the lab from measuring, the verdict is
 * `could-not-run`.
 *
 * @throws CodedError `UNKNOWN_LAB` if there is no lab with this id
 */
export async function runLab(id: string | Lab, options: RunLabOptions): Promise<LabResult> {
  const lab = typeof id === 'string' ? await findLab(id) : id
  const { size, control = false, demo = false, prediction, onProgress = noProgress } = options
  const evidenceDir = options.evidenceDir ?? join(REPOSITORY, '.threshold', 'evidence')
  const started = new Date()
  const environment = readEnvironment()
  const arms = planArms(lab, size, control)
  const code = await locateCode(REPOSITORY, lab)
  const definition = await definitionHash(lab, await folderOf(lab))
  // The evidence is written to the directory of the registered process and copied at the end. If
  // the lab is killed, the next sweep removes that directory.
  const registered = await registerProcess({
    role: 'lab',
    text: `lab ${lab.id}`,
    pid: process.pid,
    onExit: 'kill',
  })
  const draft = join(registered.dir, 'evidence')
  const samplesDir = join(draft, 'samples')
  await mkdir(samplesDir, { recursive: true })
  try {
    const trials = await runTrials(lab, arms, environment.cores, samplesDir, {
      ...options,
      onProgress,
    })
    const report = await buildReport({
      lab,
      arms,
      size,
      control,
      demo,
      recorded: false,
      prediction,
      environment,
      started,
      code,
      definition,
      seconds: (Date.now() - started.getTime()) / 1_000,
      stages: await stagesOf(arms),
      ...trials,
      nextStep: await nextStep(lab, demo, trials),
    })
    onProgress({ text: 'writing the report' })
    const { reportHtml, reportJson } = await saveEvidence(evidenceDir, draft, report)
    return {
      verdict: report.verdict,
      reasons: report.reasons,
      reportHtml,
      reportJson,
      summary: summaryOf(report),
      report,
    }
  } finally {
    await registered.close()
  }
}

/**
 * Starts the systems and runs all rounds. An error on the way is a problem of the lab and never
 * evidence against the stage.
 */
async function runTrials(
  lab: Lab,
  arms: readonly PlannedArm[],
  cores: number,
  samplesDir: string,
  options: RunLabOptions & { onProgress: OnProgress },
): Promise<Pick<Measured, 'rounds' | 'engineLabels'>> {
  const { onProgress, onGenerator, size } = options
  const shared = { mongodb: options.engine, cassandra: options.cassandra }
  const limits = { ...(options.demo ? ANY_MACHINE : MACHINE_LIMITS), ...options.machine }
  const engineLabels = new Map<string, System['label']>()
  const couldNotRun = (
    problem: string,
    busiest: readonly BusyProgram[],
    next?: string,
  ): Pick<Measured, 'rounds' | 'engineLabels'> => ({
    rounds: { samples: [], discarded: [], problems: [problem], busiest, next },
    engineLabels,
  })
  const busy = await waitUntilCalm(cores, limits, onProgress)
  if (busy !== undefined)
    return couldNotRun(`this machine is busy: ${describeBusy(busy)}`, busy.busiest)
  const before = await snapshotProcesses()
  try {
    await using stack = new AsyncDisposableStack()
    const onEngine = (arm: string, label: System['label']): void =>
      void engineLabels.set(arm, label)
    const systems = await openSystems(arms, { size, shared, onProgress, onEngine }, stack)
    const rounds = await runRounds({
      arms,
      repeats: lab.sizes[size].repeats,
      systems,
      cores,
      limits,
      samplesDir,
      onProgress,
      onGenerator,
    })
    onProgress({ text: 'stopping stages and engines' })
    return { rounds, engineLabels }
  } catch (error) {
    const busiest = await busiestPrograms(before, await snapshotProcesses(), cores)
    const next = error instanceof CodedError ? error.next : undefined
    return couldNotRun(codedMessageOf(error), busiest, next)
  }
}

async function nextStep(
  lab: Lab,
  demo: boolean,
  { rounds }: Pick<Measured, 'rounds'>,
): Promise<string> {
  const { busiest = [], next } = rounds
  return nextStepOf({ lab, demo, recorded: await hasRecording(lab), busiest, next })
}

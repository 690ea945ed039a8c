import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { listStages, noProgress, type OnProgress, registerProcess } from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import {
  expectationsOf,
  type Lab,
  notesOf,
  type PlannedArm,
  planArms,
  type Size,
} from './define.ts'
import { describeFault } from './faults.ts'
import { assertionText } from './figure.ts'
import { findLab, REPOSITORY } from './labs.ts'
import { describeLoad } from './load/workload.ts'
import { figuresOf } from './measure.ts'
import type { Report } from './report/schema.ts'
import { effectiveTree } from './run/effective-tree.ts'
import type { SharedEngine } from './run/engines.ts'
import { type Environment, readEnvironment } from './run/environment.ts'
import { saveEvidence } from './run/evidence.ts'
import { MACHINE_LIMITS, type MachineLimits, waitUntilCalm } from './run/preflight.ts'
import { type Rounds, runRounds } from './run/rounds.ts'
import { caveatsOf } from './run/sample.ts'
import { openSystems, type System } from './run/system.ts'
import { comparePrediction, judge, type Verdict } from './verdict.ts'

export interface RunLabOptions {
  readonly size: Size
  /** What somebody expected, in their words. */
  readonly prediction?: string | undefined
  /** Run the wrong twin: what must be refuted, should the lab be worth anything. */
  readonly control?: boolean | undefined
  readonly onProgress?: OnProgress | undefined
  /** Where evidence is kept; the repository's .threshold/evidence without it. */
  readonly evidenceDir?: string | undefined
  /** A MongoDB that others use too. Without one the lab starts its own. */
  readonly engine?: SharedEngine | undefined
  /** The same for Cassandra, where a stage needs one. */
  readonly cassandra?: SharedEngine | undefined
  /** What the machine may be busy with besides. */
  readonly machine?: Partial<MachineLimits> | undefined
  /** Told each load generator's process id, for whoever wants to watch it, or to kill it. */
  readonly onGenerator?: ((pid: number) => void) | undefined
}

export interface LabResult {
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  readonly reportHtml: string
  readonly reportJson: string
  /** A few lines for a terminal. */
  readonly summary: string
}

export async function runLab(lab: string | Lab, options: RunLabOptions): Promise<LabResult> {
  return await run(typeof lab === 'string' ? await findLab(lab) : lab, options)
}

async function run(lab: Lab, options: RunLabOptions): Promise<LabResult> {
  const {
    size,
    control: twin = false,
    onProgress = noProgress,
    evidenceDir = join(REPOSITORY, '.threshold', 'evidence'),
  } = options
  const started = new Date()
  const limits = { ...MACHINE_LIMITS, ...options.machine }
  const environment = readEnvironment()
  const arms = planArms(lab, size, twin)
  // The lab itself is written down too: what it has not copied to the evidence yet goes with it,
  // however it ends.
  const own = await registerProcess({
    role: 'lab',
    text: `lab ${lab.id}`,
    pid: process.pid,
    onExit: 'kill',
  })
  const draft = join(own.dir, 'evidence')
  await mkdir(join(draft, 'samples'), { recursive: true })
  try {
    const done = await runTrials(lab, arms, environment, limits, join(draft, 'samples'), {
      ...options,
      onProgress,
    })
    const report = await buildReport(lab, arms, environment, started, done, {
      ...options,
      control: twin,
    })
    onProgress({ text: 'writing the report' })
    const { reportHtml, reportJson } = await saveEvidence(evidenceDir, draft, report)
    return {
      verdict: report.verdict,
      reasons: report.reasons,
      reportHtml,
      reportJson,
      summary: summaryOf(report),
    }
  } finally {
    await own.close()
  }
}

interface Measured {
  readonly rounds: Rounds
  readonly labels: ReadonlyMap<string, System['label']>
}

/**
 * Everything that can go wrong here keeps the lab from running; nothing of it says anything about
 * the stage.
 */
async function runTrials(
  lab: Lab,
  arms: readonly PlannedArm[],
  { cores }: Environment,
  limits: MachineLimits,
  dir: string,
  options: RunLabOptions & { onProgress: OnProgress },
): Promise<Measured> {
  const { onProgress, onGenerator, size } = options
  const shared = { mongodb: options.engine, cassandra: options.cassandra }
  const labels = new Map<string, System['label']>()
  const failed = (problem: string): Measured => ({
    rounds: { samples: [], discarded: [], problems: [problem] },
    labels,
  })
  const busy = await waitUntilCalm(cores, limits, onProgress)
  if (busy !== undefined) return failed(`this machine is busy: ${busy}`)
  try {
    await using stack = new AsyncDisposableStack()
    const systems = await openSystems(arms, { size, shared, onProgress }, stack)
    for (const arm of arms) labels.set(arm.name, systems.of(arm).label)
    const rounds = await runRounds({
      arms,
      repeats: lab.sizes[size].repeats,
      systems,
      cores,
      limits,
      dir,
      onProgress,
      onGenerator,
    })
    onProgress({ text: 'closing stage and engine' })
    return { rounds, labels }
  } catch (error) {
    const next = error instanceof CodedError && error.next !== undefined ? `\n→ ${error.next}` : ''
    return failed(`${messageOf(error)}${next}`)
  }
}

async function buildReport(
  lab: Lab,
  arms: readonly PlannedArm[],
  environment: Environment,
  started: Date,
  { rounds, labels }: Measured,
  { size, control: twin, prediction }: RunLabOptions,
): Promise<Report> {
  const { samples, discarded, problems } = rounds
  const stages = (await listStages()).filter(({ stage }) => arms.some((arm) => arm.stage === stage))
  const sampleOf = (arm: string, round: number) =>
    samples.find((sample) => sample.arm === arm && sample.round === round)
  const numbers = [...new Set(samples.map(({ round }) => round))].sort((a, b) => a - b)
  const findings = numbers.flatMap((round) =>
    expectationsOf(lab, (arm) => figuresOf(lab.measure, sampleOf(arm, round))).flatMap(
      ({ arm, expectation: check }) =>
        check.assertions.map((assertion) => ({ arm, round, assertion })),
    ),
  )
  const { verdict, reasons } = judge(findings, problems)
  return {
    v: 2,
    lab: { id: lab.id, title: lab.title, question: lab.question, hypothesis: lab.hypothesis },
    size,
    ...(twin ? { control: lab.control.text } : {}),
    startedAt: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1_000,
    environment,
    stages: await Promise.all(
      stages.map(async ({ stage, title, dir }) => {
        const { hash, files } = await effectiveTree(REPOSITORY, dir)
        return { stage, title, tree: hash, files: files.length }
      }),
    ),
    prediction: {
      ...(prediction === undefined ? {} : { said: prediction }),
      line: comparePrediction(prediction, verdict),
    },
    arms: arms.map((arm) => ({
      name: arm.name,
      stage: arm.stage,
      stageTitle: stages.find(({ stage }) => stage === arm.stage)?.title ?? `stage ${arm.stage}`,
      load: describeLoad(arm.load),
      messagesPerSecond: arm.load.groups.reduce((sum, group) => sum + group.messagesPerSecond, 0),
      online: arm.load.groups.reduce((sum, group) => sum + group.guilds * group.online, 0),
      ...(arm.fault === undefined ? {} : { fault: describeFault(arm.fault) }),
      ...(arm.intervention === undefined ? {} : { deed: arm.intervention.text }),
      env: { ...arm.env },
      ...(labels.has(arm.name) ? { engine: labels.get(arm.name)! } : {}),
      context: arm.context,
    })),
    measures: Object.values(figuresOf(lab.measure, undefined)).map(({ name, unit }, index) => ({
      name,
      unit,
      text: Object.values(lab.measure)[index]!.text,
    })),
    thresholds: expectationsOf(lab).flatMap(({ arm, expectation: check }) =>
      check.assertions.map((statement) => ({
        arm,
        text: assertionText(statement),
        figure: statement.figure,
        unit: statement.unit,
        threshold: statement.threshold,
      })),
    ),
    figures: samples.flatMap((sample) =>
      Object.values(figuresOf(lab.measure, sample)).map(({ name, unit, value }) => ({
        arm: sample.arm,
        round: sample.round,
        figure: name,
        unit,
        value: known(value),
      })),
    ),
    findings: findings.map(({ assertion, ...rest }) => ({
      ...rest,
      assertion: { ...assertion, value: known(assertion.value) },
    })),
    samples: [...samples],
    discarded: [...discarded],
    verdict,
    reasons: [...reasons, ...caveatsOf(samples)],
    notes:
      samples.length === 0
        ? []
        : [...notesOf(lab, (arm) => figuresOf(lab.measure, sampleOf(arm, numbers.at(-1) ?? 0)))],
    rerun: `npx threshold lab ${lab.id} --${size}`,
  }
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

function summaryOf({ lab, verdict, reasons, notes, prediction, arms, samples }: Report): string {
  const engines = [...new Set(arms.flatMap(({ engine }) => engine?.text ?? []))]
  const caveats = caveatsOf(samples)
  const mark = (reason: string): string =>
    caveats.includes(reason) ? '?' : verdict === 'supported' ? '✓' : '✗'
  return [
    `Lab ${lab.id}, ${lab.title}: ${lab.question}`,
    `Hypothesis: ${lab.hypothesis}`,
    ...reasons.map((reason) => `  ${mark(reason)} ${reason}`),
    ...notes.map((note) => `  · ${note}`),
    ...(engines.length === 0 ? [] : [`Measured on ${engines.join(', ')}.`]),
    prediction.line,
  ].join('\n')
}

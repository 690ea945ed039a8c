import { type EngineLabel, listStages } from '@threshold/engines'
import { expectationsOf, notesOf } from '../expectations.ts'
import { describeFault } from '../faults.ts'
import { assertionText } from '../figure.ts'
import { labAfter, REPOSITORY } from '../labs.ts'
import { describeLoad } from '../load/workload.ts'
import { figuresOf } from '../measure.ts'
import type { PlannedArm } from '../plan.ts'
import type { Prediction } from '../predict/question.ts'
import { effectiveTree } from '../run/effective-tree.ts'
import type { Environment } from '../run/environment.ts'
import type { Rounds } from '../run/rounds.ts'
import { caveatsOf, type Sample } from '../run/sample.ts'
import type { Lab, Size } from '../spec.ts'
import { judge } from '../verdict.ts'
import { type CodeLine, comparePrediction, headlineOf, questionsOf, statusOf } from './headline.ts'
import { type ArmReport, type Report, VERSION } from './schema.ts'

/** Everything that a run yields, from which its report is computed. */
export interface Measured {
  readonly lab: Lab
  readonly arms: readonly PlannedArm[]
  readonly size: Size
  readonly control: boolean
  readonly demo: boolean
  readonly recorded: boolean
  readonly prediction: Prediction | undefined
  readonly environment: Environment
  readonly started: Date
  readonly seconds: number
  readonly stages: Report['stages']
  readonly code: CodeLine
  readonly definition: string
  readonly rounds: Rounds
  /** The engines of each arm, if they were started. */
  readonly engineLabels: ReadonlyMap<string, EngineLabel>
  /** The commands that help if the lab could not run. */
  readonly nextStep?: string | undefined
}

export async function buildReport(measured: Measured): Promise<Report> {
  const { lab, arms, size, control, demo, recorded, started, rounds, stages } = measured
  const { samples, discarded, problems } = rounds
  const sampleOf = (arm: string, round: number): Sample | undefined =>
    samples.find((sample) => sample.arm === arm && sample.round === round)
  const figuresIn = (round: number) => (arm: string) => figuresOf(lab.measure, sampleOf(arm, round))
  const numbers = [...new Set(samples.map(({ round }) => round))].sort((a, b) => a - b)
  const findings = numbers.flatMap((round) =>
    expectationsOf(lab, figuresIn(round)).flatMap(({ arm, expectation }) =>
      expectation.assertions.map((assertion) => ({ arm, round, assertion })),
    ),
  )
  const { verdict, reasons } = judge(findings, problems, demo)
  const lastRound = numbers.at(-1)
  const lastFigures = lastRound === undefined ? undefined : figuresIn(lastRound)
  const questions = questionsOf(lab, lastFigures)
  const next = await labAfter(lab.id)
  return {
    v: VERSION,
    lab: {
      id: lab.id,
      title: lab.title,
      question: lab.question,
      hypothesis: lab.hypothesis,
      definition: measured.definition,
    },
    size,
    ...(control ? { control: lab.control.text } : {}),
    startedAt: started.toISOString(),
    seconds: measured.seconds,
    environment: measured.environment,
    stages: [...stages],
    headline: headlineOf(lab, lastFigures, measured.code),
    questions,
    prediction: comparePrediction(questions, measured.prediction, verdict),
    next:
      next === undefined
        ? null
        : { id: next.id, title: next.title, command: `npx threshold lab ${next.id}` },
    demo,
    recorded,
    arms: arms.map((arm) => armReport(arm, statusOf(arm, findings), measured)),
    measures: Object.values(figuresOf(lab.measure, undefined)).map(({ name, unit }, index) => ({
      name,
      unit,
      text: Object.values(lab.measure)[index]!.text,
    })),
    thresholds: expectationsOf(lab).flatMap(({ arm, expectation }) =>
      expectation.assertions.map((assertion) => ({
        arm,
        text: assertionText(assertion),
        figure: assertion.figure,
        unit: assertion.unit,
        threshold: assertion.threshold,
      })),
    ),
    figures: samples.flatMap((sample) =>
      Object.values(figuresOf(lab.measure, sample)).map(({ name, unit, value }) => ({
        arm: sample.arm,
        round: sample.round,
        figure: name,
        unit,
        value: finiteOrNull(value),
      })),
    ),
    findings: findings.map(({ assertion, ...rest }) => ({
      ...rest,
      assertion: { ...assertion, value: finiteOrNull(assertion.value) },
    })),
    samples: [...samples],
    discarded: [...discarded],
    verdict,
    reasons: [...reasons, ...caveatsOf(samples)],
    nextStep: verdict === 'could-not-run' ? (measured.nextStep ?? null) : null,
    busiest: [...(rounds.busiest ?? [])],
    noEngine: measured.engineLabels.size > 0 ? null : (problems[0]?.split('\n')[0] ?? null),
    notes: lastFigures === undefined ? [] : [...notesOf(lab, lastFigures)],
    rerun: `npx threshold lab ${lab.id} --${size}`,
  }
}

/** The code of the stages that the arms run on. */
export async function stagesOf(arms: readonly PlannedArm[]): Promise<Report['stages']> {
  const stages = (await listStages()).filter(({ stage }) => arms.some((arm) => arm.stage === stage))
  return await Promise.all(
    stages.map(async ({ stage, title, dir }) => {
      const { hash, files } = await effectiveTree(REPOSITORY, dir)
      return { stage, title, tree: hash, files: files.length }
    }),
  )
}

function armReport(
  arm: PlannedArm,
  status: ArmReport['status'],
  { stages, engineLabels }: Measured,
): Report['arms'][number] {
  const { groups } = arm.load
  const engine = engineLabels.get(arm.name)
  return {
    name: arm.name,
    title: arm.title,
    breaks: arm.breaks,
    status,
    stage: arm.stage,
    stageTitle: stages.find(({ stage }) => stage === arm.stage)?.title ?? `stage ${arm.stage}`,
    load: describeLoad(arm.load),
    messagesPerSecond: groups.reduce((sum, group) => sum + group.messagesPerSecond, 0),
    online: groups.reduce((sum, group) => sum + group.guilds * group.online, 0),
    ...(arm.fault === undefined ? {} : { fault: describeFault(arm.fault) }),
    ...(arm.intervention === undefined ? {} : { intervention: arm.intervention.text }),
    env: { ...arm.env },
    ...(engine === undefined ? {} : { engine }),
    context: arm.context,
  }
}

/** JSON has no NaN; an unknown value is null. */
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

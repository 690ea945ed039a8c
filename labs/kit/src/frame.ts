import { ACROSS_ARMS, expectationsOf } from './expectations.ts'
import { describeFault } from './faults.ts'
import { type Assertion, assertionText, type Unit } from './figure.ts'
import { describeLoad } from './load/workload.ts'
import { nameInWords } from './measure.ts'
import { planArms } from './plan.ts'
import { questionsOf } from './report/headline.ts'
import { figureTitle } from './report/titles.ts'
import type { Lab, Size } from './spec.ts'

/** The parts of a lab's definition that a page shows, in words. */
export interface LabFrame {
  readonly arms: readonly FrameArm[]
  readonly questions: readonly {
    readonly text: string
    readonly unit: Unit
    readonly range: readonly [min: number, max: number]
  }[]
  readonly thresholds: readonly FrameThreshold[]
  /** Definitions of the measures that a threshold or a question uses. */
  readonly definitions: readonly { readonly name: string; readonly text: string }[]
}

export interface FrameArm {
  readonly title: string
  readonly stage: number
  readonly load: string
  /** The fault with its second, or the intervention. */
  readonly during: string | undefined
  /** Limits of the engines that the arm has for itself. */
  readonly engines: string | undefined
  /** The arm has no threshold. */
  readonly context: boolean
}

export interface FrameThreshold {
  /** The arm's title. Undefined for an assertion between arms. */
  readonly arm: string | undefined
  readonly text: string
}

/** Describes a lab at one size for its readers. Arms and figures have their readers' names. */
export function frameOf(lab: Lab, size: Size): LabFrame {
  const thresholds = expectationsOf(lab).flatMap(({ arm, expectation }) =>
    expectation.assertions.map((assertion) => ({
      arm: arm === ACROSS_ARMS ? undefined : lab.arms[arm]!.title,
      text: arm === ACROSS_ARMS ? acrossText(lab, assertion) : assertionText(assertion),
      figure: assertion.figure,
    })),
  )
  const questions = questionsOf(lab, undefined)
  const used = [...thresholds, ...questions].map(({ figure }) => figure)
  return {
    arms: planArms(lab, size, false).map((arm) => ({
      title: arm.title,
      stage: arm.stage,
      load: describeLoad(arm.load),
      during: arm.fault === undefined ? arm.intervention?.text : describeFault(arm.fault),
      engines: enginesText(arm),
      context: arm.context,
    })),
    questions: questions.map(({ text, unit, range }) => ({ text, unit, range })),
    thresholds: thresholds.map(({ arm, text }) => ({ arm, text })),
    definitions: Object.entries(lab.measure)
      .map(([key, { text }]) => ({ name: nameInWords(key), text }))
      .filter(({ name }) => used.some((figure) => mentions(figure, name))),
  }
}

type Limits = Pick<ReturnType<typeof planArms>[number], 'cacheMb' | 'cassandra'>

function enginesText({ cacheMb, cassandra }: Limits): string | undefined {
  const mongo = cacheMb === undefined ? [] : [`MongoDB with a cache of ${cacheMb} MB`]
  if (cassandra === undefined) return mongo[0]
  const { nodes = 1, cacheMb: chunks, heapMb } = cassandra
  const limits = [
    ...(chunks === undefined ? [] : [`a cache of ${chunks} MB`]),
    ...(heapMb === undefined ? [] : [`a heap of ${heapMb} MB`]),
  ]
  const cluster = `Cassandra on ${nodes === 1 ? 'one node' : `${nodes} nodes`}`
  return [...mongo, [cluster, ...limits].join(' with ')].join(', ')
}

/** `young largest` is one of the figures in `old largest over young largest`. */
const mentions = (figure: string, name: string): boolean =>
  figure.split(/ over | beyond /).some((side) => side === name || side.endsWith(` ${name}`))

/** `misses (Ten times the data − Little data) at least 1,000`. */
function acrossText({ arms }: Lab, assertion: Assertion): string {
  const titles = Object.entries(arms).map(([name, { title }]) => ({ name, title }))
  const { measure, arms: compared } = figureTitle({ arms: titles }, assertion.figure)
  return assertionText({
    ...assertion,
    figure: compared === undefined ? measure : `${measure} (${compared})`,
  })
}

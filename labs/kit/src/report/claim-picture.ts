import { ACROSS_ARMS } from '../expectations.ts'
import type { Unit } from '../figure.ts'
import { nameInWords } from '../measure.ts'
import type { ArmReport, Report } from './schema.ts'
import { figureTitle, titleOf } from './titles.ts'

const MAX_PANELS = 3

export interface Bar {
  readonly title: string
  readonly status: ArmReport['status']
  /** The values of all rounds in order. The last is the one that the sentence names. */
  readonly values: readonly (number | null)[]
  readonly thresholds: readonly { readonly relation: string; readonly value: number }[]
}

/** One claimed figure for each arm that has it. */
export interface Panel {
  readonly title: string
  readonly unit: Unit
  readonly bars: readonly [Bar, ...Bar[]]
  /** The end of the common scale. */
  readonly max: number
}

/** The picture of the first screen: the figures that the lab's claim is about. */
export interface ClaimPicture {
  readonly panels: readonly Panel[]
  /** Titles of the figures that were 0 in every arm and every round. */
  readonly zero: readonly string[]
}

export function claimPicture(report: Report): ClaimPicture {
  const panels = report.headline.figures
    .slice(0, MAX_PANELS)
    .flatMap((name) => measuredPanel(report, name) ?? assertedPanel(report, name) ?? [])
  const isZero = ({ bars }: Panel): boolean =>
    bars.every(({ values }) => values.every((value) => value === 0))
  return {
    panels: panels.filter((panel) => !isZero(panel)),
    zero: panels.filter(isZero).map(({ title }) => title),
  }
}

/** The arms in which the stage broke lead. */
export const brokenFirst = <T extends { readonly status: ArmReport['status'] }>(
  arms: readonly T[],
): T[] => [
  ...arms.filter(({ status }) => status === 'broke'),
  ...arms.filter(({ status }) => status !== 'broke'),
]

/** A measure has a value in every arm. */
function measuredPanel(report: Report, name: string): Panel | undefined {
  const measure = report.measures.find((each) => each.name === name)
  if (measure === undefined) return undefined
  const bars = report.arms.flatMap(({ name: arm, title, status }): Bar[] => {
    const values = inOrder(
      report.figures.filter((each) => each.arm === arm && each.figure === name),
    )
    if (values.length === 0) return []
    return [{ title, status, values, thresholds: thresholdsOf(report, arm, name) }]
  })
  return panel(name, measure.unit, bars)
}

/** A ratio or a difference has a value where the lab asserts something about it. */
function assertedPanel(report: Report, name: string): Panel | undefined {
  const findings = report.findings.filter(({ assertion }) => assertion.figure === name)
  const [first] = findings
  if (first === undefined) return undefined
  const { measure, arms, result } = figureTitle(report, name)
  const bars = [...Map.groupBy(findings, ({ arm }) => arm)].map(
    ([arm, own]): Bar => ({
      title: arm === ACROSS_ARMS ? (arms ?? titleOf(report, arm)) : titleOf(report, arm),
      status: arm === ACROSS_ARMS ? acrossStatus(report, name) : statusOf(report, arm),
      values: inOrder(own.map(({ round, assertion }) => ({ round, value: assertion.value }))),
      thresholds: thresholdsOf(report, arm, name),
    }),
  )
  return panel(result === undefined ? measure : `${measure}, ${result}`, first.assertion.unit, bars)
}

function panel(title: string, unit: Unit, bars: readonly Bar[]): Panel | undefined {
  const [first, ...rest] = brokenFirst(bars)
  if (first === undefined) return undefined
  const numbers = bars.flatMap(({ values, thresholds }) => [
    ...values.map((value) => value ?? 0),
    ...thresholds.map(({ value }) => value),
  ])
  return { title, unit, bars: [first, ...rest], max: Math.max(...numbers) }
}

/** A round with two assertions about one figure has one value. */
const inOrder = (
  values: readonly { readonly round: number; readonly value: number | null }[],
): (number | null)[] =>
  [...new Map(values.map(({ round, value }) => [round, value]))]
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value)

const thresholdsOf = (report: Report, arm: string, figure: string): Bar['thresholds'] =>
  report.thresholds
    .filter((each) => each.arm === arm && each.figure === figure)
    .map(({ text, threshold }) => ({
      relation: text.includes(' at most ') ? '≤' : text.includes(' at least ') ? '≥' : '=',
      value: threshold,
    }))

const statusOf = (report: Report, arm: string): ArmReport['status'] =>
  report.arms.find(({ name }) => name === arm)?.status ?? 'unknown'

/** An assertion between arms is about those in which the stage is said to break. */
function acrossStatus({ arms }: Report, figure: string): ArmReport['status'] {
  const broken = arms.filter(({ breaks }) => breaks)
  const named = broken.find(({ name }) => figure.startsWith(`${nameInWords(name)} `))
  return (named ?? broken[0])?.status ?? 'unknown'
}

import type { StartCassandraOptions } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Fault } from './faults.ts'
import { type Expectation, expectation, figure } from './figure.ts'
import type { Intervention } from './intervention.ts'
import { type Load, times } from './load/workload.ts'
import { type Figures, figuresOf, type Measures, nameInWords } from './measure.ts'

/**
 * `tiny` checks in seconds that the lab works; `quick` fits two cores and a few minutes; `full` is
 * for a workshop.
 */
export type Size = 'tiny' | 'quick' | 'full'
export type StageName = `stage-${number}`
export type LoadChange = Partial<Omit<Load, 'v' | 'groups'>> & {
  /** Upper limit for the members online in each guild. */
  readonly online?: number
  /** Upper limit for the channels in each guild. */
  readonly channels?: number
  /** Upper limit for the messages of a group that are due at the same moment. */
  readonly burst?: number
}

/** One side of the comparison: a stage, and how its conditions differ from the other arms'. */
export interface Arm {
  readonly stage: StageName
  /** Multiplies the guilds and rates of the lab's load. */
  readonly times?: number
  readonly load?: Load
  readonly fault?: Fault
  /** Environment variables for the stage, added to those that every lab sets. */
  readonly env?: Readonly<Record<string, string>>
  /** Gives the arm its own MongoDB with this cache size. Arms without it share one. */
  readonly cacheMb?: number
  /** Gives the arm its own Cassandra with these settings. Arms without it share one. */
  readonly cassandra?: CassandraSettings
  readonly intervention?: Intervention
}

export type CassandraSettings = Pick<
  StartCassandraOptions,
  'nodes' | 'heapMb' | 'collector' | 'cacheMb'
>

export interface SizeSettings<A extends string> {
  /** The arms that run; all by default. It must include every arm that has an expectation. */
  readonly arms?: readonly A[]
  /** Number of rounds. Each round runs every arm once. */
  readonly repeats: number
  readonly load?: LoadChange
}

/** A lab as plain data: what it asks, under which load, and what would refute its hypothesis. */
export interface LabSpec<A extends string, M extends Measures> {
  readonly id: string
  readonly title: string
  readonly question: string
  readonly hypothesis: string
  readonly minutes: { readonly quick: number; readonly full: number }
  readonly memory: string
  readonly arms: Readonly<Record<A, StageName | Arm>>
  readonly load: Load
  readonly fault?: Fault
  readonly measure: M
  /**
   * The assertions that must hold for each arm in every round. They are committed before the lab is
   * run. An arm without any is context.
   */
  readonly expect: { readonly [K in NoInfer<A>]?: (figures: Figures<M>) => Expectation }
  /** Assertions between arms of the same round, such as a ratio of their figures. */
  readonly expectAcross?: (arms: Readonly<Record<A, Figures<M>>>) => Expectation
  /** Lines for the report, computed from the last round. They do not affect the verdict. */
  readonly notes?: (arms: Readonly<Record<A, Figures<M>>>) => readonly string[]
  /**
   * The negative control: with this change the lab must be refuted, which proves that it can be.
   */
  readonly control: {
    readonly text: string
    readonly fault?: Fault
    readonly load?: LoadChange
    readonly env?: Readonly<Record<string, string>>
    /** Interventions that replace those of the named arms. */
    readonly interventions?: { readonly [K in NoInfer<A>]?: Intervention }
    /**
     * The assertions that must fail, in the form `arm: figure` that begins a verdict's reason. A
     * control that fails elsewhere proves nothing.
     */
    readonly failsOn: readonly [string, ...string[]]
    readonly verdict: 'refuted'
  }
  readonly sizes: Readonly<Record<Size, SizeSettings<NoInfer<A>>>>
}

/** A lab specification without the types of its arms and measures. */
export type Lab = LabSpec<string, Measures>

/**
 * Checks the rules that types cannot express.
 *
 * @throws CodedError `BAD_LAB`
 */
export function defineLab<const A extends string, M extends Measures>(spec: LabSpec<A, M>): Lab {
  const lab = spec as unknown as Lab
  const invalid = (why: string): never => {
    throw new CodedError('BAD_LAB', `lab ${spec.id}: ${why}`)
  }
  if (!/^\d+\.\d+$/.test(spec.id)) invalid('an id is two numbers, such as 1.3')
  if (Object.keys(lab.expect).length === 0 && lab.expectAcross === undefined)
    invalid('it has no expectation, so that nothing could refute it')
  for (const [size, { arms, repeats }] of Object.entries(lab.sizes)) {
    if (!Number.isInteger(repeats) || repeats < 1)
      invalid(`${size} must run its arms at least once`)
    const missing = Object.keys(lab.expect).find((arm) => arms !== undefined && !arms.includes(arm))
    if (missing !== undefined) invalid(`${size} leaves out ${missing}, which has an expectation`)
  }
  return lab
}

/** An arm with everything that the lab, the size and the control contribute to it. */
export interface PlannedArm {
  readonly name: string
  readonly stage: number
  readonly load: Load
  readonly fault: Fault | undefined
  readonly env: Readonly<Record<string, string>>
  readonly cacheMb: number | undefined
  readonly cassandra: CassandraSettings | undefined
  readonly intervention: Intervention | undefined
  /** The arm has no expectation. The report shows its figures beside the others. */
  readonly context: boolean
}

export function planArms(lab: Lab, size: Size, control: boolean): PlannedArm[] {
  const settings = lab.sizes[size]
  const change: LoadChange = { ...settings.load, ...(control ? lab.control.load : {}) }
  const names = settings.arms ?? Object.keys(lab.arms)
  return names.map((name) => {
    const given = lab.arms[name]
    if (given === undefined)
      throw new CodedError(
        'BAD_LAB',
        `lab ${lab.id}: ${size} names the arm ${name}, which does not exist`,
      )
    const arm: Arm = typeof given === 'string' ? { stage: given } : given
    return {
      name,
      stage: stageNumber(arm.stage),
      load: applyChange(times(arm.load ?? lab.load, arm.times ?? 1), change),
      fault: (control ? lab.control.fault : undefined) ?? arm.fault ?? lab.fault,
      env: { ...arm.env, ...(control ? lab.control.env : {}) },
      cacheMb: arm.cacheMb,
      cassandra: arm.cassandra,
      intervention: (control ? lab.control.interventions?.[name] : undefined) ?? arm.intervention,
      context: lab.expect[name] === undefined && lab.expectAcross === undefined,
    }
  })
}

function applyChange(load: Load, { online, channels, burst, ...change }: LoadChange): Load {
  const groups = load.groups.map((group) => ({
    ...group,
    online: Math.min(group.online, online ?? group.online),
    channels: Math.min(group.channels, channels ?? group.channels),
    ...(group.burst === undefined ? {} : { burst: Math.min(group.burst, burst ?? group.burst) }),
  }))
  return { ...load, ...change, groups }
}

export const stageNumber = (stage: StageName): number => Number(stage.slice('stage-'.length))

export interface ArmExpectation {
  /** An arm's name, or `across arms`. */
  readonly arm: string
  readonly expectation: Expectation
}

const ACROSS_ARMS = 'across arms'

/**
 * Evaluates every expectation with the figures of one round. The default figures are unknown, which
 * serves to list the thresholds before anything was measured. An arm without a sample also has
 * unknown figures, and so the run has no verdict.
 */
export function expectationsOf(
  lab: Lab,
  figures: (arm: string) => Figures<Measures> = () => figuresOf(lab.measure, undefined),
): ArmExpectation[] {
  const perArm = Object.entries(lab.expect).map(([arm, expect]) => ({
    arm,
    expectation: expect?.(figures(arm)) ?? expectation([]),
  }))
  if (lab.expectAcross === undefined) return perArm
  return [...perArm, { arm: ACROSS_ARMS, expectation: lab.expectAcross(allArms(lab, figures)) }]
}

/**
 * Prefixes each figure's name with its arm. Otherwise assertions about the same figure of two arms
 * would have the same text and count as one.
 */
const allArms = (
  lab: Lab,
  figures: (arm: string) => Figures<Measures>,
): Record<string, Figures<Measures>> =>
  Object.fromEntries(
    Object.keys(lab.arms).map((arm) => {
      const named = Object.entries(figures(arm)).map(([key, { name, unit, value }]) => [
        key,
        figure(`${nameInWords(arm)} ${name}`, unit, value),
      ])
      return [arm, Object.fromEntries(named)]
    }),
  )

export const notesOf = (lab: Lab, figures: (arm: string) => Figures<Measures>): readonly string[] =>
  lab.notes?.(allArms(lab, figures)) ?? []

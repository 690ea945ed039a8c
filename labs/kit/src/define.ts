import type { StartCassandraOptions } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Fault } from './faults.ts'
import { type Expectation, expectation, figure } from './figure.ts'
import type { Intervention } from './intervention.ts'
import { type Load, times } from './load/workload.ts'
import { type Figures, figuresOf, type Measures, nameInWords } from './measure.ts'

/**
 * `tiny` proves that the lab works, in seconds; `quick` is a first answer on two cores; `full` is
 * for a workshop.
 */
export type Size = 'tiny' | 'quick' | 'full'
export type StageName = `stage-${number}`
export type LoadChange = Partial<Omit<Load, 'v' | 'groups'>> & {
  /** At most so many online in each guild: how `tiny` gets by in seconds. */
  readonly online?: number
  /** At most so many channels in each guild. */
  readonly channels?: number
  /** At most so many messages of a guild come at the same moment. */
  readonly burst?: number
}

/**
 * One side of the comparison: a stage, and in what its circumstances differ from those of the other
 * arms.
 */
export interface Arm {
  readonly stage: StageName
  /** So many times the people of the lab's load. */
  readonly times?: number
  readonly load?: Load
  readonly fault?: Fault
  /** How the stage is configured, beyond what every lab sets. */
  readonly env?: Readonly<Record<string, string>>
  /** A MongoDB of its own with so much cache. Without it all arms share one. */
  readonly cacheMb?: number
  /** A Cassandra of its own, set up like this. Without it arms whose stage needs one share one. */
  readonly cassandra?: CassandraSettings
  readonly intervention?: Intervention
}

export type CassandraSettings = Pick<
  StartCassandraOptions,
  'nodes' | 'heapMb' | 'collector' | 'cacheMb'
>

export interface SizeSettings<A extends string> {
  /** Which arms take part; without it, all. Arms that claims are about must. */
  readonly arms?: readonly A[]
  /** How often the arms are gone through, one after the other. */
  readonly repeats: number
  readonly load?: LoadChange
}

/** An argument without mechanics: what is claimed, under which load, and what would refute it. */
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
   * Committed before any evidence: what must hold of each arm, in every round. An arm without a
   * claim is context.
   */
  readonly expect: { readonly [K in NoInfer<A>]?: (figures: Figures<M>) => Expectation }
  /** What must hold across arms of the same round: ratios survive the move to another machine. */
  readonly expectAcross?: (arms: Readonly<Record<A, Figures<M>>>) => Expectation
  /**
   * What a team should take home beside the verdict, in lines; from the last round. Nothing is
   * judged by it.
   */
  readonly notes?: (arms: Readonly<Record<A, Figures<M>>>) => readonly string[]
  /** The proof that this lab can fail: changed like this, it must be refuted. */
  readonly control: {
    readonly text: string
    readonly fault?: Fault
    readonly load?: LoadChange
    readonly env?: Readonly<Record<string, string>>
    /** Other deeds than their own, by arm. */
    readonly interventions?: { readonly [K in NoInfer<A>]?: Intervention }
    /**
     * Which statements must have failed, as a verdict's reasons name them: `arm: figure`. A twin
     * that fails elsewhere proves nothing.
     */
    readonly failsOn: readonly [string, ...string[]]
    readonly verdict: 'refuted'
  }
  readonly sizes: Readonly<Record<Size, SizeSettings<NoInfer<A>>>>
}

/** What the kit works with: a spec with its types forgotten. */
export type Lab = LabSpec<string, Measures>

/** Checks what the types cannot, and hands the argument on. */
export function defineLab<const A extends string, M extends Measures>(spec: LabSpec<A, M>): Lab {
  const lab = spec as unknown as Lab
  const wrong = (what: string): never => {
    throw new CodedError('BAD_LAB', `lab ${spec.id}: ${what}`)
  }
  if (!/^\d+\.\d+$/.test(spec.id)) wrong('an id is two numbers, such as 1.3')
  if (Object.keys(lab.expect).length === 0 && lab.expectAcross === undefined)
    wrong('it claims nothing, so that nothing could refute it')
  for (const [size, { arms, repeats }] of Object.entries(lab.sizes)) {
    if (!Number.isInteger(repeats) || repeats < 1)
      wrong(`${size} must go through its arms at least once`)
    const missing = Object.keys(lab.expect).find((arm) => arms !== undefined && !arms.includes(arm))
    if (missing !== undefined) wrong(`${size} leaves out ${missing}, which a claim is about`)
  }
  return lab
}

/** An arm as a size, and perhaps the twin, run it. */
export interface PlannedArm {
  readonly name: string
  readonly stage: number
  readonly load: Load
  readonly fault: Fault | undefined
  readonly env: Readonly<Record<string, string>>
  readonly cacheMb: number | undefined
  readonly cassandra: CassandraSettings | undefined
  readonly intervention: Intervention | undefined
  /** Nothing is claimed of it: it is run to be seen beside the others. */
  readonly context: boolean
}

export function planArms(lab: Lab, size: Size, twin: boolean): PlannedArm[] {
  const settings = lab.sizes[size]
  const change: LoadChange = { ...settings.load, ...(twin ? lab.control.load : {}) }
  const names = settings.arms ?? Object.keys(lab.arms)
  return names.map((name) => {
    const given = lab.arms[name]
    if (given === undefined)
      throw new CodedError(
        'BAD_LAB',
        `lab ${lab.id}: ${size} names the arm ${name}, which there is not`,
      )
    const arm: Arm = typeof given === 'string' ? { stage: given } : given
    return {
      name,
      stage: stageNumber(arm.stage),
      load: withChange(times(arm.load ?? lab.load, arm.times ?? 1), change),
      fault: (twin ? lab.control.fault : undefined) ?? arm.fault ?? lab.fault,
      env: { ...arm.env, ...(twin ? lab.control.env : {}) },
      cacheMb: arm.cacheMb,
      cassandra: arm.cassandra,
      intervention: (twin ? lab.control.interventions?.[name] : undefined) ?? arm.intervention,
      context: lab.expect[name] === undefined && lab.expectAcross === undefined,
    }
  })
}

function withChange(
  load: Load,
  { online, channels, burst: together, ...change }: LoadChange,
): Load {
  const groups = load.groups.map((group) => ({
    ...group,
    online: Math.min(group.online, online ?? group.online),
    channels: Math.min(group.channels, channels ?? group.channels),
    ...(group.burst === undefined ? {} : { burst: Math.min(group.burst, together ?? group.burst) }),
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
 * Every claim, held against the figures of one round; without figures, the claims as they stand
 * before anything was measured. An arm that has no sample yields unknown figures, and so no
 * verdict.
 */
export function expectationsOf(
  lab: Lab,
  figures: (arm: string) => Figures<Measures> = () => figuresOf(lab.measure, undefined),
): ArmExpectation[] {
  const own = Object.entries(lab.expect).map(([arm, claim]) => ({
    arm,
    expectation: claim?.(figures(arm)) ?? expectation([]),
  }))
  if (lab.expectAcross === undefined) return own
  return [...own, { arm: ACROSS_ARMS, expectation: lab.expectAcross(allArms(lab, figures)) }]
}

/**
 * A figure is named with its arm here: two arms' figures of the same name would make one statement
 * of two.
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

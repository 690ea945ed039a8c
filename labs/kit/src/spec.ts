import type { StartCassandraOptions } from '@threshold/engines'
import type { Fault } from './faults.ts'
import type { Expectation } from './figure.ts'
import type { Intervention } from './intervention.ts'
import type { Load } from './load/workload.ts'
import type { Figures, Measures } from './measure.ts'
import type { Question } from './predict/question.ts'

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
  /** The name of the arm for readers, such as "The name is cut". */
  readonly title: string
  readonly stage: StageName
  /**
   * The hypothesis says that the stage breaks in this arm. If the arm's expectations hold, the
   * report shows that it broke. In any other arm the stage is expected to hold.
   */
  readonly breaks?: true
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

/** A chart of the measurements. The report draws it unless all its values are zero. */
export type ChartName =
  | 'failures'
  | 'deliveries'
  | 'delivery-times'
  | 'send-times'
  | 'read-times'
  | 'seconds'
  | 'cpu'

/** The first screen of the report. */
export interface ReportSpec<Arms> {
  /**
   * One sentence made of the claim's own figures, from the last round. Interpolated figures are
   * formatted with their units.
   */
  readonly sentence: (arms: Arms) => string
  /**
   * Names in words of one to three measures or asserted figures, such as `guilds down` or `old
   * largest over young largest`. The first picture shows them for each arm with their thresholds.
   */
  readonly figures: readonly [string, ...string[]]
  /** Why it came out so, in at most 60 words. */
  readonly why: string
  /** The line of code that `why` refers to: a file of the repository, and a part of the line. */
  readonly code: { readonly file: string; readonly line: string }
  /** Charts that are open when the report is first read. The others are folded away. */
  readonly charts: readonly ChartName[]
}

/** A lab as plain data: what it asks, under which load, and what would refute its hypothesis. */
export interface LabSpec<A extends string, M extends Measures> {
  readonly id: string
  readonly title: string
  readonly question: string
  readonly hypothesis: string
  readonly minutes: { readonly quick: number; readonly full: number }
  readonly memory: string
  readonly arms: Readonly<Record<A, Arm>>
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
  /** One to three questions, which the learner answers before seeing the hypothesis. */
  readonly predict: readonly Question<Readonly<Record<A, Figures<M>>>>[]
  /** Three hints towards the answers. Each says more than the one before. */
  readonly hints: readonly [string, string, string]
  readonly report: ReportSpec<Readonly<Record<A, Figures<M>>>>
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

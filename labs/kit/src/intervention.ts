import type { CassandraEngine, Engine, StageProcess } from '@threshold/engines'
import type { FixtureGuild } from './load/plan.ts'

/** The stage, its databases and the guilds of the load, for an intervention to work with. */
export interface TrialContext {
  readonly stage: StageProcess
  /**
   * `uri` includes the database's name. `engine` is undefined if the lab did not start the engine
   * and so must not control it.
   */
  readonly mongo: { readonly uri: string; readonly engine: Engine | undefined }
  /** `uri` includes the keyspace. Undefined if the stage does not use Cassandra. */
  readonly cassandra:
    | { readonly uri: string; readonly engine: CassandraEngine | undefined }
    | undefined
  /** The guilds that the arm's load uses. */
  readonly guilds: readonly FixtureGuild[]
  /** Length of the measured load. */
  readonly loadSeconds: number
  /** Shows a line of progress. */
  log(text: string): void
}

/**
 * Work done beside the load, such as a migration or nodes that join. It starts when the measured
 * load starts and resolves with what it counted, which `reported` turns into figures. If it
 * rejects, the trial could not run; that is no evidence against the stage.
 */
export interface Intervention {
  /** Description for the report. Arms with different descriptions get separate systems. */
  readonly text: string
  /** The intervention changes the fixture for good, so that a repeated trial needs a new one. */
  readonly consumesFixture?: boolean
  run(context: TrialContext): Promise<Readonly<Record<string, number>>>
}

/**
 * Key under which every intervention reports how many seconds it continued after the load had
 * ended. The load measured nothing in that time.
 */
export const SECONDS_AFTER_LOAD = 'seconds after the load'

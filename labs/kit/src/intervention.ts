import type { CassandraEngine, Engine, StageProcess } from '@threshold/engines'
import type { FixtureGuild } from './load/plan.ts'

/** Where a deed is done: the stage, what it stands on, and who is there. */
export interface TrialContext {
  readonly stage: StageProcess
  /** With the database's name in it; the engine is undefined when it is not ours to touch. */
  readonly mongo: { readonly uri: string; readonly engine: Engine | undefined }
  /** With the keyspace in its path; undefined where the stage has no Cassandra. */
  readonly cassandra:
    | { readonly uri: string; readonly engine: CassandraEngine | undefined }
    | undefined
  /** Those of the arm's load. */
  readonly guilds: readonly FixtureGuild[]
  /** Seconds from the start of the measured load for which people go on. */
  readonly loadSeconds: number
  /** Told to whoever watches. */
  log(text: string): void
}

/**
 * Something done beside the load that plain data cannot say: a move of house, nodes that join. It
 * begins with the measured load and tells what it counted; a measure reads it by `told`. What it
 * throws keeps the lab from running, and is no evidence.
 */
export interface Intervention {
  /**
   * In words, for a report's reader. Arms whose deeds have different words live in systems of their
   * own.
   */
  readonly text: string
  /**
   * It leaves another world than it found: what it did cannot be done there a second time, and a
   * second try gets a new one.
   */
  readonly consumesFixture?: boolean
  run(scene: TrialContext): Promise<Readonly<Record<string, number>>>
}

/**
 * Seconds that a deed went on after the load had ended: nothing was measured in them. Told of every
 * deed.
 */
export const SECONDS_AFTER_LOAD = 'seconds beyond the load'

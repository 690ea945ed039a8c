import { STEPS } from '@threshold/migration/transitions'

/**
 * A migration moves a store to another database. It is run by the migrator, a process of its own
 * that belongs to the later stage and may be killed at any time.
 */
export interface MigrationInfo {
  readonly name: string
  /** The stage that the migration leads to. */
  readonly stage: number
  readonly title: string
  /** The migrator's entry file, relative to the stage's folder. */
  readonly program: string
  readonly steps: readonly string[]
  /** The environment with which the stage starts on the old store. */
  readonly startsOn: Readonly<Record<string, string>>
}

export const MIGRATIONS: readonly MigrationInfo[] = [
  {
    name: 'mongo-cassandra',
    stage: 2,
    title: 'messages, from MongoDB to Cassandra',
    program: 'src/migration/main.ts',
    steps: STEPS,
    startsOn: { THRESHOLD_MESSAGES_ON: 'mongodb' },
  },
]

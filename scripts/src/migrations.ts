/**
 * A move of a store, run by a migrator of the stage that it leads to: a process of its own, which
 * may be killed at any time.
 */
export interface MigrationInfo {
  readonly name: string
  readonly stage: number
  readonly title: string
  /** Below the stage's folder. */
  readonly program: string
  readonly steps: readonly string[]
  /** With these in its environment the stage begins as the one before it left off. */
  readonly startsOn: Readonly<Record<string, string>>
}

/** In the order in which a learner meets them. */
export const MIGRATIONS: readonly MigrationInfo[] = [
  {
    name: 'mongo-cassandra',
    stage: 2,
    title: 'messages, from MongoDB to Cassandra',
    program: 'src/migration/main.ts',
    steps: [
      'plan',
      'dual-write',
      'backfill',
      'verify',
      'cutover',
      'rollback',
      'decommission',
      'status',
      'all',
    ],
    startsOn: { THRESHOLD_MESSAGES_ON: 'mongodb' },
  },
]

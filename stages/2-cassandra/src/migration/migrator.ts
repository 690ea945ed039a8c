import { randomUUID } from 'node:crypto'
import type { Runtime } from '@threshold/kit'
import type { MigratorOptions, MigratorPorts } from '@threshold/migration/context'
import { type MongoConfig, mongoDatabase } from '@threshold/stage-1/mongodb'
import { type CassandraConfig, cassandraDatabase } from '../cassandra/database.ts'
import { mongoIntents } from './intents.mongodb.ts'
import { cassandraReplica } from './replica.cassandra.ts'
import { mongoReplica } from './replica.mongodb.ts'
import { mongoMigrationState } from './state.mongodb.ts'

export interface MigratorConfig extends MigratorOptions {
  readonly mongodb: MongoConfig
  readonly cassandra: CassandraConfig
}

/**
 * The collections that are dropped after the move: those of messages, and those of the move itself.
 * Users, guilds, invites, search and pushes stay in MongoDB.
 */
const COLLECTIONS = [
  'messages',
  'reactions',
  'nonces',
  'migration_intents',
  'migration_rounds',
] as const

/** The migrator's ports for the move of messages from MongoDB to Cassandra. */
export async function mongoCassandraPorts(
  config: MigratorConfig,
  runtime: Runtime,
): Promise<MigratorPorts & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const mongo = opened.use(await mongoDatabase(config.mongodb))
  const intents = opened.use(await mongoIntents(mongo, randomUUID(), runtime))
  const { keyspace } = config.cassandra
  const closing = opened.move()
  return {
    names: {
      move: 'mongo-cassandra',
      source: 'MongoDB',
      target: 'Cassandra',
      stage: 'stage 2',
      previousStage: 'stage 1',
      startEmpty: 'npx threshold stage 2 --migrating starts a stage whose messages are on MongoDB',
      targetPlace: `keyspace ${keyspace}`,
      useEmptyTarget:
        'name an empty keyspace in THRESHOLD_CASSANDRA_URI, for the stage and for the migrator',
      acceptLargerRow: 'raise commitlog_segment_size in cassandra.yaml',
      targetAway: {
        code: 'CASSANDRA_AWAY',
        advice: 'bring it back, a quorum of its nodes at least',
      },
    },
    state: mongoMigrationState(mongo, runtime.clock),
    intents,
    source: mongoReplica(mongo),
    async openTarget() {
      // A backfill loads the nodes to their limit, so statements are slow, and speculation would
      // send each of them twice.
      const cassandra = await cassandraDatabase({ ...config.cassandra, speculate: false })
      const close = () => cassandra[Symbol.asyncDispose]()
      return { ...cassandraReplica(cassandra, config.cassandra), [Symbol.asyncDispose]: close }
    },
    leftovers: COLLECTIONS.map((name) => ({
      name,
      drop: async (deadline) => {
        await mongo.run('migration.drop', deadline, (db) => db.dropCollection(name))
      },
    })),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

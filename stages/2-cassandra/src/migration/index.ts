import { CodedError, type Deadline, deadlineAfter, type Runtime } from '@threshold/kit'
import {
  type MigratingMessageStore,
  type Migration,
  type MigrationState,
  type MoveEnds,
  openMigratingStore,
} from '@threshold/migration'
import type { MessageStore } from '@threshold/ports'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import type { MongoDatabase } from '@threshold/stage-1/mongodb'
import {
  type CassandraConfig,
  type CassandraDatabase,
  cassandraDatabase,
} from '../cassandra/database.ts'
import { hasMessages, probe } from '../cassandra/schema.ts'
import { mongoIntents } from './intents.mongodb.ts'
import { cassandraReplica } from './replica.cassandra.ts'
import { mongoReplica } from './replica.mongodb.ts'
import { mongoMigrationState } from './state.mongodb.ts'

export interface Databases {
  readonly mongo: MongoDatabase
  readonly cassandra: CassandraDatabase
  /** The message store on that Cassandra. */
  readonly messages: MessageStore
}

interface MovingConfig {
  readonly cassandra: CassandraConfig
  readonly startsOn: 'cassandra' | 'mongodb'
}

const CHECK_TIMEOUT_MS = 5_000

/**
 * The message store for the current phase of the move from MongoDB. Messages that stage 1 left are
 * served from MongoDB until they are moved. An empty database begins there too if `startsOn` is
 * `mongodb`. If there was nothing to move, or the move is over, this is the store on Cassandra
 * itself, without any overhead.
 */
export async function movingMessageStore(
  { mongo, cassandra, messages }: Databases,
  config: MovingConfig,
  runtime: Runtime,
): Promise<MigratingMessageStore> {
  const state = mongoMigrationState(mongo, runtime.clock)
  const pingCassandra = (deadline: Deadline): Promise<void> =>
    probe(cassandra, config.cassandra, deadline)
  const migration = (await state.read()) ?? (await begin(state, cassandra, config))
  if (migration.phase === 'decommissioned') {
    if (config.startsOn === 'mongodb' || (await state.sourceHasMessages()))
      runtime.log.warn(
        'messages are on Cassandra; messages on MongoDB were written past this stage and are ' +
          'not read',
      )
    return { ...messages, ready: pingCassandra }
  }
  const ends: MoveEnds = {
    source: { store: await mongoMessageStore(mongo), port: mongoReplica(mongo) },
    target: { store: messages, port: cassandraReplica(cassandra, config.cassandra) },
  }
  return await openMigratingStore(
    {
      state,
      ends,
      openIntents: (processId) => mongoIntents(mongo, processId, runtime),
      pingTarget: pingCassandra,
    },
    runtime,
  )
}

/**
 * Opens Cassandra. The first start on a database must record which database has the messages, and
 * rejects if Cassandra does not answer. A later start waits for Cassandra in the background, so
 * that a process that is restarted in an outage serves what MongoDB has.
 */
export async function openCassandra(
  mongo: MongoDatabase,
  { cassandra }: Pick<MovingConfig, 'cassandra'>,
  { clock, log, telemetry }: Runtime,
): Promise<CassandraDatabase> {
  const recorded = await mongoMigrationState(mongo, clock).read()
  return await cassandraDatabase(cassandra, telemetry, recorded === undefined ? undefined : log)
}

/** Records, at the first start, which database has the messages. Later starts read the record. */
async function begin(
  state: MigrationState,
  cassandra: CassandraDatabase,
  { cassandra: target, startsOn }: MovingConfig,
): Promise<Migration> {
  if (startsOn === 'cassandra' && !(await state.sourceHasMessages()))
    return await state.begin('decommissioned')
  // A history on Cassandra would not be served, and a verification would take it for messages that
  // were deleted on MongoDB.
  if (await hasMessages(cassandra, target, deadlineAfter(CHECK_TIMEOUT_MS))) {
    throw new CodedError(
      'MESSAGES_ON_BOTH',
      `keyspace ${target.keyspace} has messages, and those on MongoDB are to be served: ` +
        `nothing says which are the right ones`,
      {
        next:
          'name an empty keyspace in THRESHOLD_CASSANDRA_URI, or a database without ' +
          'messages in THRESHOLD_MONGODB_URI',
      },
    )
  }
  return await state.begin('source')
}

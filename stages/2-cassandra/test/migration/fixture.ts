import { randomBytes } from 'node:crypto'
import { leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { createRuntime, createTelemetry, type Runtime } from '@threshold/kit'
import type { Migration, Phase } from '@threshold/migration'
import type { MigrationChange } from '@threshold/migration/state'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraDatabase } from '../../src/cassandra/database.ts'
import { movingMessageStore } from '../../src/migration/index.ts'
import { cassandraReplica } from '../../src/migration/replica.cassandra.ts'
import { mongoReplica } from '../../src/migration/replica.mongodb.ts'
import { mongoMigrationState } from '../../src/migration/state.mongodb.ts'
import { configFor } from '../adapters/database.ts'

/** Both databases, empty, and all parts of a move. Dropped when the suite is over. */
export async function openFixture(use: AsyncDisposableStack) {
  const [database, keyspace] = [use.use(await leaseDatabase()), use.use(await leaseKeyspace())]
  const config = configFor(keyspace.uri)
  const telemetry = use.use(createTelemetry({ service: 'test' }))
  const runtime: Runtime = createRuntime({ random: randomBytes, telemetry })
  const mongo = use.use(await mongoDatabase({ uri: database.uri }))
  const cassandra = use.use(await cassandraDatabase(config))
  const ends = {
    source: { store: await mongoMessageStore(mongo), port: mongoReplica(mongo) },
    target: {
      store: cassandraMessageStore(cassandra, config),
      port: cassandraReplica(cassandra, config),
    },
  }
  const state = mongoMigrationState(mongo, runtime.clock)
  async function update(change: MigrationChange): Promise<Migration> {
    const before = (await state.read()) ?? (await state.begin('source'))
    const updated = await state.update(before, change)
    if (!updated) throw new Error('the migration was updated concurrently')
    return updated
  }
  return {
    uris: { mongodb: database.uri, cassandra: keyspace.uri },
    config,
    mongo,
    cassandra,
    ends,
    state,
    runtime,
    /** The store of a stage that starts now. Each process of a stage has its own. */
    async process() {
      const own = createRuntime({
        random: randomBytes,
        telemetry: use.use(createTelemetry({ service: 'test' })),
      })
      return use.use(
        await movingMessageStore(
          { mongo, cassandra, messages: ends.target.store },
          { cassandra: config, startsOn: 'mongodb' },
          own,
        ),
      )
    },
    update,
    enter: (phase: Phase) => update({ phase }),
  }
}

export type Fixture = Awaited<ReturnType<typeof openFixture>>

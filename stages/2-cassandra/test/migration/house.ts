import { randomBytes } from 'node:crypto'
import { leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { createRuntime, createTelemetry, type Runtime } from '@threshold/kit'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraDatabase } from '../../src/cassandra/database.ts'
import { movingMessageStore } from '../../src/migration/index.ts'
import { cassandraMovable } from '../../src/migration/movable.cassandra.ts'
import { mongoMovable } from '../../src/migration/movable.mongodb.ts'
import { type Migration, migrationState, type Phase } from '../../src/migration/phases.ts'
import { configFor } from '../adapters/database.ts'

/** Both databases, empty, and everything that a move is made of; dropped when the suite is over. */
export async function openHouse(use: AsyncDisposableStack) {
  const [database, keyspace] = [use.use(await leaseDatabase()), use.use(await leaseKeyspace())]
  const config = configFor(keyspace.uri)
  const telemetry = use.use(createTelemetry({ service: 'test' }))
  const runtime: Runtime = createRuntime({ random: randomBytes, telemetry })
  const mongo = use.use(await mongoDatabase({ uri: database.uri }))
  const cassandra = use.use(await cassandraDatabase(config))
  const sides = {
    mongo: { store: await mongoMessageStore(mongo), movable: mongoMovable(mongo) },
    cassandra: {
      store: cassandraMessageStore(cassandra, config),
      movable: cassandraMovable(cassandra, config),
    },
  }
  const state = migrationState(mongo, runtime.clock)
  return {
    uris: { mongodb: database.uri, cassandra: keyspace.uri },
    ...{ config, mongo, cassandra, sides, state, runtime },
    /** The store of a stage that starts now; each process of a stage has one of its own. */
    async process() {
      const own = createRuntime({
        random: randomBytes,
        telemetry: use.use(createTelemetry({ service: 'test' })),
      })
      return use.use(
        await movingMessageStore(
          { mongo, cassandra, messages: sides.cassandra.store },
          { cassandra: config, startsOn: 'mongodb' },
          own,
        ),
      )
    },
    async move(change: Partial<Migration>): Promise<Migration> {
      const before = (await state.read()) ?? (await state.begin('mongo'))
      const moved = await state.move(before, change)
      if (!moved) throw new Error('somebody else moved it')
      return moved
    },
    async inPhase(phase: Phase) {
      return await this.move({ phase })
    },
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>

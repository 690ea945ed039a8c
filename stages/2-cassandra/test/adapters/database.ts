import { leaseKeyspace } from '@threshold/engines/testing'
import { createTelemetry, type Telemetry } from '@threshold/kit'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraAddress } from '../../src/cassandra/address.ts'
import { type CassandraConfig, cassandraDatabase } from '../../src/cassandra/database.ts'

export const configFor = (uri: string): CassandraConfig => ({
  ...cassandraAddress(uri),
  replication: 1,
  bucketDays: 10,
})

/** A message store on an empty keyspace of the shared engine, dropped when the suite is over. */
export async function openStore(use: AsyncDisposableStack) {
  const { uri, keyspace } = use.use(await leaseKeyspace())
  const config = configFor(uri)
  const telemetry = use.use(createTelemetry({ service: 'test' }))
  const database = use.use(await cassandraDatabase(config, telemetry))
  /** The store of another process: the same rows, and nothing remembered. */
  const another = (now?: () => number) => cassandraMessageStore(database, config, now)
  return {
    config,
    database,
    keyspace,
    store: another(),
    another,
    statements: () => countOf(telemetry),
  }
}

/** Statements sent so far, for all operations. */
async function countOf({ registry }: Telemetry): Promise<number> {
  const { values } = (await registry
    .getSingleMetric('threshold_cassandra_statements_total')
    ?.get()) ?? { values: [] }
  return values.reduce((sum, { value }) => sum + value, 0)
}

import { leaseKeyspace } from '@threshold/engines/testing'
import type { Telemetry } from '@threshold/kit'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraAddress } from '../../src/cassandra/address.ts'
import { type CassandraConfig, type CassandraDatabase, cassandraDatabase } from '../../src/cassandra/database.ts'

export const configFor = (uri: string): CassandraConfig => ({ ...cassandraAddress(uri), replication: 1, bucketDays: 10 })

/** A message store on an empty keyspace of the shared engine, dropped when the suite is over. */
export async function openStore(use: AsyncDisposableStack, telemetry?: Telemetry) {
  const { uri, keyspace } = use.use(await leaseKeyspace())
  const database: CassandraDatabase = use.use(await cassandraDatabase(configFor(uri), telemetry))
  return { database, keyspace, store: await cassandraMessageStore(database, configFor(uri)) }
}

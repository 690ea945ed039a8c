import { testStoreOutage } from '@threshold/conformance/ports'
import { withKeyspace } from '@threshold/engines'
import { dedicatedCassandra } from '@threshold/engines/testing'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraAddress } from '../../src/cassandra/address.ts'
import { cassandraDatabase } from '../../src/cassandra/database.ts'

testStoreOutage(
  'Cassandra',
  async (use) => {
    const engine = use.use(await dedicatedCassandra())
    const config = {
      ...cassandraAddress(withKeyspace(engine.uri, 'away')),
      replication: 1,
      bucketDays: 10,
    }
    const database = use.use(await cassandraDatabase(config))
    return { engine, messages: cassandraMessageStore(database, config) }
  },
  'messages',
)

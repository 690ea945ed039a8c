import type { Lifecycle, Runtime } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { type MongoDatabase, mongoDatabase } from '@threshold/stage-1/mongodb'
import { cassandraMessageStore } from '@threshold/stage-2/adapters/message-store.cassandra'
import { movingMessageStore, openCassandra } from '@threshold/stage-2/migration'
import type { Config } from './config.ts'

/** The databases of stage 2, which several roles use. */
export async function openStores(
  open: Lifecycle['open'],
  config: Config,
  runtime: Runtime,
): Promise<{ mongo: MongoDatabase; metadata: MetadataStore; messages: MessageStore }> {
  const mongo = await open('MongoDB', mongoDatabase(config.mongodb, runtime.telemetry))
  const metadata = await open('metadata', mongoMetadataStore(mongo))
  const cassandra = await open('Cassandra', openCassandra(mongo, config, runtime))
  const store = cassandraMessageStore(cassandra, config.cassandra, runtime.clock.now)
  const databases = { mongo, cassandra, messages: store }
  const messages = await open('messages', movingMessageStore(databases, config, runtime))
  return { mongo, metadata, messages }
}

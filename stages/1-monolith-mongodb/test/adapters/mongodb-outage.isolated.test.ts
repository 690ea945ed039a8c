import { testStoreOutage } from '@threshold/conformance/ports'
import { withDatabase } from '@threshold/engines'
import { dedicatedMongo } from '@threshold/engines/testing'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { mongoSearchIndex } from '../../src/adapters/search-index.mongodb.ts'
import { mongoDatabase } from '../../src/mongodb/database.ts'

testStoreOutage('MongoDB', async (use) => {
  const engine = use.use(await dedicatedMongo())
  const mongo = use.use(await mongoDatabase({ uri: withDatabase(engine.uri, 'outage') }))
  const [messages, metadata, search] = [
    await mongoMessageStore(mongo),
    await mongoMetadataStore(mongo),
    await mongoSearchIndex(mongo),
  ]
  return { engine, messages, others: { metadata, search } }
})

import { testMessageStore } from '@threshold/conformance/ports'
import { openStore } from './database.ts'

testMessageStore('Cassandra', async (use) => (await openStore(use)).store)

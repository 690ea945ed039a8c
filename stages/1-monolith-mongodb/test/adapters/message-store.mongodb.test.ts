import { testMessageStore } from '@threshold/conformance/ports'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { database } from './database.ts'

testMessageStore('MongoDB', async (use) => mongoMessageStore(await database(use)))

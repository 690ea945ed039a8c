import { testSearchIndex } from '@threshold/conformance/ports'
import { mongoSearchIndex } from '../../src/adapters/search-index.mongodb.ts'
import { database } from './database.ts'

testSearchIndex('MongoDB', async (use) => mongoSearchIndex(await database(use)))

import { testMetadataStore } from '@threshold/conformance/ports'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { database } from './database.ts'

testMetadataStore('MongoDB', async (use) => mongoMetadataStore(await database(use)))

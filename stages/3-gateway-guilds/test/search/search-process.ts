import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { connectNats, type NatsConfig } from '../../src/nats/connect.ts'
import { startSearchRole } from '../../src/search/role.ts'
import { openIndex } from './open-index.ts'

/** A search role as a process, with messages in MongoDB. Prints a line when it serves. */
const [nats = '', uri = '', place = ''] = process.argv.slice(2)
const runtime = createRuntime({ random: randomBytes })
const connection = await connectNats(JSON.parse(nats) as NatsConfig, 'search', runtime)
const mongo = await mongoDatabase({ uri }, runtime.telemetry)
const stores = {
  metadata: await mongoMetadataStore(mongo),
  messages: await mongoMessageStore(mongo),
}
await startSearchRole(connection, await openIndex(place), stores, runtime)
process.stdout.write('serves\n')

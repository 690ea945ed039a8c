import { randomBytes } from 'node:crypto'
import { testDeadline, testNotifier } from '@threshold/conformance/ports'
import { createRuntime } from '@threshold/kit'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoOutboxNotifier } from '../../src/adapters/notifier.mongodb.ts'
import { database } from './database.ts'

testNotifier("MongoDB's outbox", async (use) => {
  const mongo = await database(use)
  const messages = await mongoMessageStore(mongo)
  return {
    store: async (message) => void (await messages.insert(message, testDeadline())),
    async start({ url, backoffMs, clock }) {
      const runtime = createRuntime({ random: randomBytes, clock })
      use.use(runtime.telemetry)
      return mongoOutboxNotifier(
        mongo,
        messages,
        { url, backoffMs, attempts: 10, pollMs: 15 },
        runtime,
      )
    },
  }
})

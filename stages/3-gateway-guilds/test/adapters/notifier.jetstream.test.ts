import { randomBytes } from 'node:crypto'
import { testDeadline, testNotifier } from '@threshold/conformance/ports'
import { leaseDatabase } from '@threshold/engines/testing'
import { createRuntime } from '@threshold/kit'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { jetStreamNotifier, startPushWorker } from '../../src/adapters/notifier.jetstream.ts'
import { connectNats } from '../../src/nats/connect.ts'
import { natsFixture } from '../nats/fixture.ts'

testNotifier('JetStream', async (use) => {
  const { config } = await natsFixture(use)
  const { uri } = use.use(await leaseDatabase())
  const store = createRuntime({ random: randomBytes })
  const messages = await mongoMessageStore(use.use(await mongoDatabase({ uri }, store.telemetry)))
  return {
    store: async (message) => void (await messages.insert(message, testDeadline())),
    async start({ url, backoffMs, clock }) {
      const runtime = createRuntime({ random: randomBytes, clock })
      use.use(runtime.telemetry)
      const nats = use.use(await connectNats(config, 'notifications', runtime))
      const options = { url, backoffMs, attempts: 10, pollMs: 15 }
      const worker = await startPushWorker(nats, messages, options, runtime)
      const notifier = await jetStreamNotifier(nats, runtime)
      return { ...notifier, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() }
    },
  }
})

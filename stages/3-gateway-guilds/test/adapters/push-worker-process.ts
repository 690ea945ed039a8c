import { randomBytes } from 'node:crypto'
import type { JetStreamClient } from '@nats-io/jetstream'
import { createRuntime } from '@threshold/kit'
import { startPushWorker } from '../../src/adapters/notifier.jetstream.ts'
import { connectNats, type NatsConfig } from '../../src/nats/connect.ts'
import { everyMessage } from './every-message.ts'

/**
 * A push worker as a process, which kills itself once the sink has answered (`answered`) or once a
 * dead letter is stored (`stored`).
 */
const [config = '', url = '', dieWhen = ''] = process.argv.slice(2)
const runtime = createRuntime({ random: randomBytes })
const nats = await connectNats(JSON.parse(config) as NatsConfig, 'notifications', runtime)

async function dieAfter<T>(work: Promise<T>): Promise<T> {
  await work
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

const { fetch } = globalThis
if (dieWhen === 'answered') globalThis.fetch = (...args) => dieAfter(fetch(...args))
const jetStream = new Proxy(nats.jetStream, {
  get(target, key: keyof JetStreamClient) {
    if (key !== 'publish') return target[key]
    return (...args: Parameters<JetStreamClient['publish']>) => dieAfter(target.publish(...args))
  },
})
const dying = dieWhen === 'stored' ? { ...nats, jetStream } : nats
const options = { url, attempts: 1, backoffMs: 10, pollMs: 10 }
await startPushWorker(dying, everyMessage, options, runtime)

import { randomBytes } from 'node:crypto'
import { aMessage, newId, pushSink, testDeadline } from '@threshold/conformance/ports'
import { withDatabase } from '@threshold/engines'
import { dedicatedMongo } from '@threshold/engines/testing'
import { createRuntime } from '@threshold/kit'
import { expect, it, vi } from 'vitest'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoOutboxNotifier } from '../../src/adapters/notifier.mongodb.ts'
import { mongoDatabase } from '../../src/mongodb/database.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }

it('an outbox continues after its database was killed, and loses no push', async () => {
  await using sink = await pushSink()
  await using engine = await dedicatedMongo()
  await using mongo = await mongoDatabase({ uri: withDatabase(engine.uri, 'outbox') })
  let aheadMs = 0
  const runtime = createRuntime({ random: randomBytes, clock: { now: () => Date.now() + aheadMs } })
  await using _telemetry = runtime.telemetry
  const messages = await mongoMessageStore(mongo)
  await using notifier = await mongoOutboxNotifier(
    mongo,
    messages,
    { url: sink.url, attempts: 10, backoffMs: 50, pollMs: 50 },
    runtime,
  )

  const send = async (): Promise<string> => {
    const message = aMessage(newId())
    const author = { id: message.authorId, username: 'ada' }
    const push = {
      v: 1,
      id: message.id,
      channelId: message.channelId,
      reason: 'dm',
      recipients: ['1'],
      author,
      content: 'hello',
    } as const
    await notifier.enqueue(push, testDeadline())
    await messages.insert(message, testDeadline())
    return message.id
  }
  await sink.stop()
  const before = await Promise.all(Array.from({ length: 5 }, send))
  await engine.kill()
  await expect(send()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await engine.restart()
  await sink.restart()
  // The claims of pushes that the worker had in hand expire.
  aheadMs = 60_000
  const after = await vi.waitFor(send, PATIENCE)
  await vi.waitFor(() => {
    for (const id of [...before, after]) expect(sink.arrivalsOf(id).length).toBeGreaterThan(0)
  }, PATIENCE)
})

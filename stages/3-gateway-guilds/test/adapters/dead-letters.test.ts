import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AckPolicy } from '@nats-io/jetstream'
import { newId, pushSink, testDeadline } from '@threshold/conformance/ports'
import { unavailable } from '@threshold/kit'
import type { Notification } from '@threshold/ports'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jetStreamNotifier, startPushWorker } from '../../src/adapters/notifier.jetstream.ts'
import type { Nats } from '../../src/nats/connect.ts'
import {
  ensureDeadStream,
  ensurePushStream,
  listDeadLetters,
  PUSH_SUBJECT,
  replayDeadLetter,
} from '../../src/nats/push-streams.ts'
import { type NatsFixture, natsFixture } from '../nats/fixture.ts'
import { everyMessage } from './every-message.ts'

const WORKER = fileURLToPath(new URL('push-worker-process.ts', import.meta.url))
const WAIT = { timeout: 20_000, interval: 20 }

describe('a push that is given up', { timeout: 60_000 }, () => {
  let use: AsyncDisposableStack
  let fixture: NatsFixture
  let nats: Nats
  let sink: Awaited<ReturnType<typeof pushSink>>
  beforeEach(async () => {
    use = new AsyncDisposableStack()
    fixture = await natsFixture(use)
    nats = await fixture.connect()
    sink = use.use(await pushSink())
    await ensurePushStream(nats)
    await ensureDeadStream(nats)
  }, 60_000)
  afterEach(() => use.disposeAsync())

  async function startWorker(attempts = 2, backoffMs = 10): Promise<AsyncDisposable> {
    const own = await fixture.connect('notifications')
    const options = { url: sink.url, attempts, backoffMs, pollMs: 10 }
    return use.use(await startPushWorker(own, everyMessage, options, fixture.runtime))
  }

  /** Resolves when the worker has killed itself. */
  async function runDyingWorker(dieWhen: 'answered' | 'stored'): Promise<void> {
    const args = [WORKER, JSON.stringify(fixture.config), sink.url, dieWhen]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    use.defer(() => void child.kill('SIGKILL'))
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  }

  async function enqueue(username = 'ada'): Promise<string> {
    const notification: Notification = {
      v: 1,
      id: newId(),
      channelId: '7',
      reason: 'dm',
      recipients: ['2'],
      author: { id: '1', username },
      content: 'a secret',
    }
    await (await jetStreamNotifier(nats, fixture.runtime)).enqueue(notification, testDeadline())
    return notification.id
  }

  const letters = async () =>
    (await listDeadLetters(nats, 100)).letters.map(({ id, reason, attempts }) => ({
      id,
      reason,
      attempts,
    }))
  const waiting = async () => (await nats.manager.streams.info('PUSHES')).state.messages

  it.each([
    { answer: 503, reason: 'attempts', attempts: 2 },
    { answer: 'hang up', reason: 'attempts', attempts: 2 },
    { answer: 410, reason: 'refused', attempts: 1 },
  ] as const)('after $answer is a dead letter with its reason', async ({ answer, ...letter }) => {
    sink.answer = answer
    await startWorker()
    const { runtime } = fixture
    const id = await enqueue()
    await expect.poll(letters, WAIT).toEqual([{ id, ...letter }])
    await expect.poll(waiting, WAIT).toBe(0)
    expect(sink.arrivalsOf(id)).toHaveLength(letter.attempts)
    const { values } = await runtime.telemetry.registry
      .getSingleMetric('threshold_dead_letters_total')!
      .get()
    expect(values).toMatchObject([{ labels: { reason: letter.reason }, value: 1 }])
  })

  it('is no second attempt while its worker still waits for the sink', async () => {
    sink.answer = 'keep silent'
    await startWorker(1)
    await startWorker(1)
    const id = await enqueue()
    await expect.poll(letters, WAIT).toEqual([{ id, reason: 'attempts', attempts: 1 }])
    expect(sink.arrivalsOf(id)).toHaveLength(1)
  })

  it('because no version can read it keeps its bytes', async () => {
    await startWorker()
    await nats.jetStream.publish(PUSH_SUBJECT, '{"v":9}', { msgID: '1234' })
    const { seq } = await nats.jetStream.publish(PUSH_SUBJECT, new Uint8Array([0xff]))
    await expect.poll(letters, WAIT).toEqual([
      { id: '1234', reason: 'unreadable', attempts: 0 },
      { id: `entry-${seq}`, reason: 'unreadable', attempts: 0 },
    ])
    const [first, second] = (await listDeadLetters(nats, 100)).letters
    expect(Buffer.from(first!.push).toString()).toBe('{"v":9}')
    expect(second!.push).toEqual(new Uint8Array([0xff]))
  })

  it('because the code that sends it throws does not concern the next push', async () => {
    await startWorker()
    const id = await enqueue(`${'a'.repeat(19)}\u{1F600}`)
    const next = await enqueue()
    await expect.poll(letters, WAIT).toEqual([{ id, reason: 'failed', attempts: 1 }])
    await expect.poll(() => sink.arrivalsOf(next).length, WAIT).toBe(1)
  })

  it('is given up once when a worker dies after the letter and before the acknowledgement', async () => {
    sink.answer = 410
    const id = await enqueue()
    await runDyingWorker('stored')
    expect(await letters()).toEqual([{ id, reason: 'refused', attempts: 1 }])
    expect(await waiting()).toBe(1)
    await startWorker()
    await expect.poll(waiting, WAIT).toBe(0)
    expect(await letters()).toEqual([{ id, reason: 'refused', attempts: 1 }])
  })

  it('is not lost when a worker dies between the refusal and the letter', async () => {
    sink.answer = 410
    const id = await enqueue()
    await runDyingWorker('answered')
    expect(await letters()).toEqual([])
    await startWorker()
    await expect.poll(letters, WAIT).toEqual([{ id, reason: 'refused', attempts: 1 }])
  })

  it('is sent again soon with the same key after its worker died, and is no letter', async () => {
    const id = await enqueue()
    await runDyingWorker('answered')
    const diedAt = performance.now()
    await startWorker()
    await expect.poll(() => sink.arrivalsOf(id).length, WAIT).toBe(2)
    // The wait before this was half a minute.
    expect(performance.now() - diedAt).toBeLessThan(15_000)
    await expect.poll(waiting, WAIT).toBe(0)
    const keys = sink.arrivalsOf(id).map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual([id, id])
    expect(await letters()).toEqual([])
  })

  it('also comes again soon where an earlier version has made the consumer', async () => {
    const earlier = { durable_name: 'pushes', ack_policy: AckPolicy.Explicit, ack_wait: 30e9 }
    await nats.manager.consumers.add('PUSHES', { ...earlier, max_ack_pending: 10_000 })
    await startWorker()
    const { config } = await nats.manager.consumers.info('PUSHES', 'pushes')
    expect(config.ack_wait).toBe(3e9)
  })

  it('has had an attempt, and none counts while the circuit to the sink is open', async () => {
    sink.answer = 503
    const worker = await startWorker(1, 3_000)
    const { registry } = fixture.runtime.telemetry
    const isOpen = async () =>
      (await registry.getSingleMetric('threshold_circuit_open')!.get()).values
    for (let i = 0; i < 5; i++) await enqueue()
    await expect.poll(letters, WAIT).toHaveLength(5)
    expect(await isOpen()).toEqual([{ labels: { role: 'sink' }, value: 1 }])
    const id = await enqueue()
    const deliveries = async () =>
      (await nats.manager.consumers.info('PUSHES', 'pushes')).delivered.consumer_seq
    await expect.poll(deliveries, WAIT).toBeGreaterThan(7)
    sink.answer = 204
    await expect.poll(() => sink.arrivalsOf(id).length, WAIT).toBe(1)
    await expect.poll(waiting, WAIT).toBe(0)
    expect(await letters()).toHaveLength(5)
    expect(await isOpen()).toEqual([{ labels: { role: 'sink' }, value: 0 }])
    await worker[Symbol.asyncDispose]()
  })

  it('is sent by a replay, and can be given up and replayed again', async () => {
    sink.answer = 410
    await startWorker()
    const id = await enqueue()
    for (let times = 1; times <= 2; times++) {
      await expect.poll(letters, WAIT).toEqual([{ id, reason: 'refused', attempts: 1 }])
      await expect.poll(waiting, WAIT).toBe(0)
      expect(sink.arrivalsOf(id)).toHaveLength(times)
      if (times === 2) sink.answer = 204
      expect(await replayDeadLetter(nats, id)).toBe(true)
      await expect.poll(() => sink.arrivalsOf(id).length, WAIT).toBe(times + 1)
    }
    await expect.poll(waiting, WAIT).toBe(0)
    expect(await letters()).toEqual([])
    for (const none of [id, '*', '>', 'a b', ''])
      expect(await replayDeadLetter(nats, none)).toBe(false)
  })

  it('goes back once when a replay is cut short', async () => {
    sink.answer = 410
    const worker = await startWorker()
    const id = await enqueue()
    await expect.poll(letters, WAIT).toHaveLength(1)
    await worker[Symbol.asyncDispose]()
    const cutOff = async () => {
      throw unavailable('NATS')
    }
    const { manager } = nats
    const streams = {
      getMessage: manager.streams.getMessage.bind(manager.streams),
      deleteMessage: cutOff,
    }
    const dying = { ...nats, manager: { streams } } as unknown as Nats
    await expect(replayDeadLetter(dying, id)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await letters()).toHaveLength(1)
    expect(await waiting()).toBe(1)
    const replays = await Promise.all([replayDeadLetter(nats, id), replayDeadLetter(nats, id)])
    expect(replays).toContain(true)
    expect(await letters()).toEqual([])
    expect(await waiting()).toBe(1)
  })
})

import { systemTimers } from '@threshold/kit'
import { expect, it } from 'vitest'
import { leaseWorker } from '../../src/nats/worker.ts'
import { natsFixture } from './fixture.ts'

it('processes get different worker numbers, also when each first tries the same', async () => {
  await using use = new AsyncDisposableStack()
  const fixture = await natsFixture(use)
  const nats = await fixture.connect()
  let drawn = 0
  // All draw 0 first, then 1, and so on.
  const random = () => {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16BE(Math.floor(drawn++ / 20))
    return bytes
  }
  const runtime = { ...fixture.runtime, random }
  const workers = await Promise.all(
    Array.from({ length: 8 }, () => leaseWorker(nats, systemTimers, runtime)),
  )
  for (const worker of workers) use.use(worker)
  expect(new Set(workers.map(({ number }) => number)).size).toBe(8)
  const [first] = workers
  expect(first!.guard(() => 7)()).toBe(7)
  await first![Symbol.asyncDispose]()
  expect(first!.guard(() => 7)).toThrow()
})

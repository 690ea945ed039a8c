import { aPendingChange, testDeadline, testPublishReconciler } from '@threshold/conformance/ports'
import { systemTimers } from '@threshold/kit'
import type { PendingChange } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { jetStreamPublishReconciler } from '../../src/adapters/publish-reconciler.jetstream.ts'
import { natsFixture } from '../nats/fixture.ts'

testPublishReconciler('JetStream', async (use) => {
  const nats = await natsFixture(use)
  return jetStreamPublishReconciler(await nats.connect(), systemTimers, nats.runtime)
})

describe('a change of a process that died', () => {
  it('is published by another process', { timeout: 60_000 }, async () => {
    await using use = new AsyncDisposableStack()
    const nats = await natsFixture(use)
    const connection = await nats.connect()
    const dead = await jetStreamPublishReconciler(connection, systemTimers, nats.runtime)
    const change = aPendingChange({ kind: 'edited', writeTimeMicros: 2n ** 60n })
    await dead.begin([change], testDeadline())
    await dead[Symbol.asyncDispose]()
    const found: PendingChange[] = []
    const other = use.use(
      await jetStreamPublishReconciler(await nats.connect(), systemTimers, nats.runtime),
    )
    other.start(async (each) => {
      found.push(each)
      return 'published'
    })
    await expect.poll(() => found, { timeout: 40_000 }).toEqual([change])
  })
})

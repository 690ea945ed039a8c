import { aPendingChange, testDeadline, testPublishReconciler } from '@threshold/conformance/ports'
import { silentLog } from '@threshold/kit'
import type { PublishChange } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { memoryPublishReconciler } from '../../src/adapters/publish-reconciler.memory.ts'
import { afterTwoChecks, PATIENCE, unavailableStore } from '../rest/recovery.ts'

const log = silentLog

testPublishReconciler('Memory', () => memoryPublishReconciler({ clock: { now: Date.now }, log }))

describe('a change that may be stored', () => {
  it('is dropped after the store has reported it absent for a while; no answer does not count', async () => {
    let now = 0
    await using reconciler = memoryPublishReconciler({ clock: { now: () => now }, log })
    let checks = 0
    let answer: () => ReturnType<PublishChange> = unavailableStore
    reconciler.start(() => {
      checks += 1
      return answer()
    })
    const attempt = await reconciler.begin([aPendingChange()], testDeadline())
    attempt.reconcile()
    await expect.poll(() => checks, PATIENCE).toBe(1)
    now += 60_000
    answer = async () => 'absent'
    await expect.poll(() => checks, PATIENCE).toBe(3)
    now += 60_000
    await expect.poll(() => checks, PATIENCE).toBe(4)
    await afterTwoChecks()
    expect(checks).toBe(4)
  })

  it('is dropped if 10,000 newer ones wait', async () => {
    await using reconciler = memoryPublishReconciler({ clock: { now: Date.now }, log })
    const checked = new Set<string>()
    reconciler.start(async ({ eventId }) => {
      checked.add(eventId)
      return 'absent'
    })
    for (let i = 0; i < 10_050; i++) {
      const change = aPendingChange({ eventId: String(i) })
      const attempt = await reconciler.begin([change], testDeadline())
      attempt.reconcile()
    }
    await expect.poll(() => checked.size, PATIENCE).toBe(10_000)
    expect(checked.has('49')).toBe(false)
  })
})

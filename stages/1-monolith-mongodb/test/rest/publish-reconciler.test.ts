import { silentLog } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import type { ChannelAccess } from '../../src/rest/context.ts'
import { createPublishReconciler } from '../../src/rest/messages/publish-reconciler.ts'
import { afterTwoChecks, PATIENCE, unavailableStore } from './recovery.ts'

const access = {} as ChannelAccess
const publish = async (): Promise<void> => {}

describe('a change that may be stored', () => {
  it('is dropped after the store has reported it absent for a while; no answer does not count', async () => {
    let now = 0
    await using reconciler = createPublishReconciler(publish, {
      clock: { now: () => now },
      log: silentLog,
    })
    let checks = 0
    let answer: () => Promise<undefined> = unavailableStore
    const findEvent = () => {
      checks += 1
      return answer()
    }
    reconciler.add({ access, eventId: 'id', findEvent })
    await expect.poll(() => checks, PATIENCE).toBe(1)
    now += 60_000
    answer = async () => undefined
    await expect.poll(() => checks, PATIENCE).toBe(3)
    now += 60_000
    await expect.poll(() => checks, PATIENCE).toBe(4)
    await afterTwoChecks()
    expect(checks).toBe(4)
  })

  it('is dropped if 10,000 newer ones wait', async () => {
    await using reconciler = createPublishReconciler(publish, {
      clock: { now: Date.now },
      log: silentLog,
    })
    const checked = new Set<number>()
    for (let i = 0; i < 10_050; i++)
      reconciler.add({
        access,
        eventId: String(i),
        async findEvent() {
          checked.add(i)
          return undefined
        },
      })
    await expect.poll(() => checked.size, PATIENCE).toBe(10_000)
    expect(checked.has(49)).toBe(false)
  })
})

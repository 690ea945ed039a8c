import { expect, it } from 'vitest'
import { floodGate } from '../../src/http/flood-gate.ts'

it('a flood gate starts a new window when the clock is set back', () => {
  const clock = { at: 1_000_000, now: () => clock.at }
  const exceedsRate = floodGate({ frames: 2, framesMs: 1_000 }, clock)
  expect([exceedsRate(), exceedsRate(), exceedsRate()]).toEqual([false, false, true])
  clock.at -= 60_000
  expect([exceedsRate(), exceedsRate(), exceedsRate()]).toEqual([false, false, true])
  clock.at += 1_000
  expect(exceedsRate()).toBe(false)
})

import { expect, it } from 'vitest'
import { floodGate } from '../../src/http/flood-gate.ts'

it('a flood gate opens its window anew when the clock is set back, and counts on within it', () => {
  const clock = { at: 1_000_000, now: () => clock.at }
  const isTooMuch = floodGate({ frames: 2, framesMs: 1_000 }, clock)
  expect([isTooMuch(), isTooMuch(), isTooMuch()]).toEqual([false, false, true])
  clock.at -= 60_000
  expect([isTooMuch(), isTooMuch(), isTooMuch()]).toEqual([false, false, true])
  clock.at += 1_000
  expect(isTooMuch()).toBe(false)
})

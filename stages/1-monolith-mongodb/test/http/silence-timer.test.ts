import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { silenceTimer } from '../../src/http/silence-timer.ts'

const stall = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until; );
}

it('calls back once if nothing refreshes it', async () => {
  let calls = 0
  silenceTimer(20, () => {
    calls += 1
  })
  await expect.poll(() => calls).toBe(1)
  await delay(60)
  expect(calls).toBe(1)
})

it('does not call back after it was cleared', async () => {
  let calls = 0
  const timer = silenceTimer(20, () => {
    calls += 1
  })
  timer.clear()
  await delay(80)
  expect(calls).toBe(0)
})

it('does not take a stall of this process for silence of the peer', async () => {
  let silent = false
  const timer = silenceTimer(150, () => {
    silent = true
  })
  // The time runs out during the stall. A plain timer would fire before the peer's data is read.
  const data = delay(100)
    .then(() => delay(100))
    .then(() => timer.refresh())
  stall(400)
  await data
  expect(silent).toBe(false)
  await expect.poll(() => silent).toBe(true)
})

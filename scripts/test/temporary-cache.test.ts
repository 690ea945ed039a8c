import { identify } from '@threshold/engines'
import { expect, it } from 'vitest'
import { startCommand, temporaryCache, untilReady } from './cli.ts'

it('ends a command and its engine that a failed test leaves behind', {
  timeout: 120_000,
}, async () => {
  const cache = await temporaryCache()
  const stage = startCommand(['stage', '1'], { env: cache.env })
  await untilReady(stage, 100_000)
  const pids = [await cache.pidOf('stage'), await cache.pidOf('mongodb')]
  const running = async (): Promise<boolean[]> =>
    (await Promise.all(pids.map(identify))).map((found) => found !== undefined)
  await stage[Symbol.asyncDispose]()
  expect(await running()).toEqual([true, true])
  await cache[Symbol.asyncDispose]()
  expect(await running()).toEqual([false, false])
})

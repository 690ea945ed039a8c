import { identify } from '@threshold/engines'
import { expect, it } from 'vitest'
import { ownCache, ready, start } from './cli.ts'

it('a command that a failed test leaves behind takes its engine with it', { timeout: 120_000 }, async () => {
  const cache = await ownCache()
  const stage = start(['stage', '1'], { env: cache.env })
  await ready(stage, 100_000)
  const pid = await cache.pidOf('mongodb')
  await stage[Symbol.asyncDispose]()
  expect(await identify(pid)).toBeDefined()
  await cache[Symbol.asyncDispose]()
  expect(await identify(pid)).toBeUndefined()
})

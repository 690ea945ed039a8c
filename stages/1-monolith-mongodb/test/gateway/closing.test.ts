import { startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { openRaw } from '../abuse/raw.ts'
import { identify } from '../abuse/session.ts'
import { newUser } from '../abuse/world.ts'

const use = new AsyncDisposableStack()
afterAll(() => use.disposeAsync())

describe('a stage that is asked to end', () => {
  it('tells each socket to reconnect, by op 7, and then closes it with 1012', {
    timeout: 60_000,
  }, async () => {
    const { uri } = use.use(await leaseDatabase())
    const stage = use.use(await startStage({ stage: 1, engineUri: uri }))
    const { token } = await newUser(stage.url)
    const [named, nameless] = [await openRaw(stage.url), await openRaw(stage.url)]
    named.send(identify(token))
    await named.heard('"READY"')
    await nameless.heard('"op":10')
    await stage.stop() // SIGTERM
    for (const { received, closed } of [named, nameless]) {
      expect(JSON.parse(received.at(-1)!)).toEqual({ t: null, s: null, op: 7, d: null })
      expect(await closed).toBe(1_012)
    }
    expect(stage.exitReason()).not.toContain('SIGKILL')
  })
})

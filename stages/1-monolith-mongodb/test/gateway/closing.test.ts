import { askGateway, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { newUser } from '../abuse/fixture.ts'
import { openRaw } from '../abuse/raw.ts'
import { identify } from '../abuse/session.ts'

const use = new AsyncDisposableStack()
afterAll(() => use.disposeAsync())

describe('a stage that receives SIGTERM', () => {
  it('sends each socket Reconnect (op 7), and closes it with 1012', {
    timeout: 60_000,
  }, async () => {
    const { uri } = use.use(await leaseDatabase())
    const stage = use.use(await startStage({ stage: 1, engineUri: uri }))
    const { token } = await newUser(stage.url)
    const gatewayUrl = await askGateway(stage.url)
    const [identified, anonymous] = [await openRaw(gatewayUrl), await openRaw(gatewayUrl)]
    identified.send(identify(token))
    await identified.waitFor('"READY"')
    await anonymous.waitFor('"op":10')
    await stage.stop()
    for (const { received, closed } of [identified, anonymous]) {
      expect(JSON.parse(received.at(-1)!)).toEqual({ t: null, s: null, op: 7, d: null })
      expect(await closed).toBe(1_012)
    }
    expect(stage.exitReason()).not.toContain('SIGKILL')
  })
})

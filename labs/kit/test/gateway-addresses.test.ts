import { expect, it } from 'vitest'
import { gatewayAddresses } from '../src/load/gateway-addresses.ts'

/** A stage whose gateways a test may replace. No gateways: the stage does not answer. */
function stageWith(...gateways: string[]) {
  const stage = { gateways, requests: 0, nowMs: 5_000 }
  const ask = async (): Promise<string> => {
    const { gateways: current, requests } = stage
    stage.requests += 1
    if (current.length === 0) throw new Error('no answer')
    return current[requests % current.length]!
  }
  return { stage, addresses: gatewayAddresses(ask, () => stage.nowMs) }
}
const settled = (): Promise<void> => new Promise(setImmediate)

it('asks once for all sockets', async () => {
  const { stage, addresses } = stageWith('a')
  const all = await Promise.all(Array.from({ length: 100 }, () => addresses.next()))
  expect(new Set(all)).toEqual(new Set(['a']))
  await addresses.next()
  // The second request shows that there is no other gateway.
  expect(stage.requests).toBe(2)
})

it('gives the sockets to several gateways in turn', async () => {
  const { stage, addresses } = stageWith('a', 'b', 'c')
  const all: string[] = []
  for (let i = 0; i < 6; i++) all.push(await addresses.next())
  expect(all).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  expect(stage.requests).toBe(4)
})

it('asks again after a failed attempt, at most once a second', async () => {
  const { stage, addresses } = stageWith('a')
  expect(await addresses.next()).toBe('a')
  stage.gateways = ['b']
  for (let i = 0; i < 100; i++) addresses.failed()
  await settled()
  expect(await addresses.next()).toBe('a')
  stage.nowMs += 1_000
  for (let i = 0; i < 100; i++) addresses.failed()
  await settled()
  expect(await addresses.next()).toBe('b')
  expect(stage.requests).toBe(4)
})

it('keeps the addresses while the stage does not answer', async () => {
  const { stage, addresses } = stageWith('a')
  await addresses.next()
  stage.gateways = []
  stage.nowMs += 1_000
  addresses.failed()
  await settled()
  expect(await addresses.next()).toBe('a')
})

it('rejects without an answer, and asks again for the next socket', async () => {
  const { stage, addresses } = stageWith()
  await expect(addresses.next()).rejects.toThrow('no answer')
  stage.gateways = ['a']
  expect(await addresses.next()).toBe('a')
})

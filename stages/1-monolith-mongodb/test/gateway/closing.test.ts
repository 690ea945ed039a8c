import { once } from 'node:events'
import { constants, createInflate } from 'node:zlib'
import { askGateway, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { newUser } from '../abuse/fixture.ts'
import { openRaw } from '../abuse/raw.ts'
import { identify } from '../abuse/session.ts'

/** A socket with `compress=zlib-stream`, and the payloads that it received. */
async function openCompressed(gatewayUrl: string) {
  const socket = new WebSocket(`${gatewayUrl}/?v=10&encoding=json&compress=zlib-stream`)
  const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH })
  const received: string[] = []
  inflate.on('data', (chunk: Buffer) => received.push(chunk.toString()))
  socket.on('message', (data: Buffer) => inflate.write(data))
  const closed = once(socket, 'close').then(async ([code]) => {
    await new Promise((resolve) => inflate.end(resolve))
    return code as number
  })
  await expect.poll(() => received.length).toBe(1)
  return { received, closed }
}

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
    const compressed = await openCompressed(gatewayUrl)
    await stage.stop()
    for (const { received, closed } of [identified, anonymous, compressed]) {
      expect(await closed).toBe(1_012)
      expect(JSON.parse(received.at(-1)!)).toEqual({ t: null, s: null, op: 7, d: null })
    }
    expect(stage.exitReason()).not.toContain('SIGKILL')
  })
})

import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baselineContestant, type Contestant, stageContestant } from '../src/contestants.ts'
import { measure } from '../src/measure.ts'
import { type Client, startClient } from '../src/processes.ts'

const WINDOW = { sockets: 20, inFlight: [1, 2], messages: 6 }

describe.runIf(allTests())('the fan-out bench', { timeout: 120_000 }, () => {
  const use = new AsyncDisposableStack()
  let client: Client
  beforeAll(async () => {
    client = use.use(await startClient())
  })
  afterAll(() => use.disposeAsync())

  const contestants: [string, () => Promise<Contestant>][] = [
    ['stage 1', async () => stageContestant(use.use(await leaseDatabase()).uri, { users: 3 })],
    ['ws', () => baselineContestant('ws', 'ws')],
    ['Socket.IO', () => baselineContestant('socket.io', 'Socket.IO')],
    ['TCP', () => baselineContestant('tcp', 'TCP')],
  ]
  it.each(contestants)(
    'counts each delivery of %s once and measures its cost',
    async (_name, start) => {
      await using contestant = await start()
      const samples = await measure(client, contestant, WINDOW)
      expect(samples.map(({ inFlight }) => inFlight)).toEqual(WINDOW.inFlight)
      for (const measured of samples) {
        expect(measured.deliveries).toBe(WINDOW.sockets * WINDOW.messages)
        expect(measured.p50).toBeGreaterThan(0)
        expect(measured.lastP99).toBeGreaterThanOrEqual(measured.p50)
        expect(measured.serverCpuSeconds).toBeGreaterThanOrEqual(0)
        expect(measured.serverMemoryBytes).toBeGreaterThan(10_000_000)
      }
    },
  )
})

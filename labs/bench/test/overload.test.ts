import { startStage } from '@threshold/engines'
import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { describe as describeOverload } from '../overload.ts'
import { createGuild } from '../src/api.ts'
import { measureOverload, type OverloadSample } from '../src/overload/clients.ts'
import { MONGODB, slowStore } from '../src/overload/slow-store.ts'

const sample = (clients: number, done: number): OverloadSample => ({
  name: 'stage 1',
  kind: 'send',
  clients,
  seconds: 10,
  done,
  shed: 5,
  others: 0,
  p50: 100,
  p99: 900,
  gapMs: 400,
})

/** Starts a stage on a store that a test can slow down. */
async function openStage(use: AsyncDisposableStack, env: Record<string, string> = {}) {
  const { uri } = use.use(await leaseDatabase())
  const [, host = '', port = ''] = /^mongodb:\/\/([^:/,]+):(\d+)/.exec(uri) ?? []
  const store = use.use(await slowStore({ host, port: Number(port) }, MONGODB))
  const engineUri = uri.replace(`${host}:${port}`, `127.0.0.1:${store.port}`)
  const stage = use.use(await startStage({ stage: 1, engineUri, env }))
  const { token, channels } = await createGuild(stage.url, 1)
  const url = `${stage.url}/api/v10/channels/${channels[0]}/messages`
  return { store, target: { name: 'stage 1', url, token } }
}

describe('the overload bench', { timeout: 120_000 }, () => {
  it.runIf(allTests())('counts the answers of a stage on a slow store', async () => {
    await using use = new AsyncDisposableStack()
    const { store, target } = await openStage(use)
    store.slowDown(50)
    for (const kind of ['send', 'read'] as const) {
      const measured = await measureOverload(target, kind, 4, { warmUpMs: 500, ms: 4_000 })
      expect(measured).toMatchObject({ kind, clients: 4, seconds: 4, others: 0 })
      expect(measured.done).toBeGreaterThan(0)
      // The store serves at most 20 requests per second, and each answer needs two or more.
      expect(measured.done).toBeLessThanOrEqual(60)
      expect(measured.p99).toBeGreaterThanOrEqual(measured.p50)
      expect(measured.p50).toBeGreaterThan(50)
    }
  })

  it.runIf(allTests())('counts an answer to every request of 500 clients', async () => {
    await using use = new AsyncDisposableStack()
    const { store, target } = await openStage(use, {
      THRESHOLD_RATE_REQUESTS: '1000000',
      // The store takes more than twice as long for one request of every client.
      THRESHOLD_BUDGET_MS: '2000',
    })
    store.slowDown(10)
    const measured = await measureOverload(target, 'send', 500, { warmUpMs: 3_000, ms: 5_000 })
    expect(measured.done).toBeGreaterThan(0)
    expect(measured.others).toBe(0)
  })

  it('states the share of the best throughput under overload, and whether it is enough', () => {
    const { columns, rows, findings } = describeOverload([
      sample(8, 80),
      sample(32, 100),
      sample(500, 51),
    ])
    expect(rows.map((row) => row.length)).toEqual(Array(3).fill(columns.length))
    expect(rows.map((row) => row[4])).toEqual(['0.80', '1.00', '0.51'])
    expect(findings[0]).toBe(
      'stage 1, send: 500 clients get 0.51 of the best throughput. Target: more than 0.5 (reached).',
    )
    expect(describeOverload([sample(8, 80), sample(500, 0)]).findings[0]).toContain(
      '0.00 of the best throughput. Target: more than 0.5 (missed)',
    )
    expect(describeOverload([sample(8, 0), sample(500, 0)]).findings[0]).toContain('(missed)')
  })
})

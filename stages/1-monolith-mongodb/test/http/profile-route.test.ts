import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serveHttp } from '../../src/http/index.ts'

const CONFIG = {
  host: '127.0.0.1',
  port: 0,
  hostNames: [],
  origins: [],
  gatewayUrls: [],
  trustedProxies: [],
  maxConnections: 100,
}

async function serve(profiling: boolean) {
  const ownsGuild = (guild: string): boolean => guild === '1'
  const parts = { routers: [], readiness: [], ownsGuild }
  const runtime = createRuntime({ random: randomBytes })
  const server = await serveHttp(parts, { ...CONFIG, profiling }, runtime)
  const close = () => server[Symbol.asyncDispose]()
  onTestFinished(close)
  return { get: (query: string) => fetch(`${server.url}/workshop/profile?${query}`), close }
}

/** A function whose name can be found in a profile. */
function spinForProfile(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function keepForProfile(kept: object[]): void {
  for (let i = 0; i < 1_000; i++) kept.push({ i })
}

describe('GET /workshop/profile', () => {
  it('answers with what the process did', async () => {
    const { get } = await serve(true)
    const profiling = get('seconds=1&guild=1')
    const spinning = setInterval(() => spinForProfile(20), 50)
    const response = await profiling
    clearInterval(spinning)
    const { nodes } = (await response.json()) as {
      nodes: readonly { readonly callFrame: { readonly functionName: string } }[]
    }
    expect(response.status).toBe(200)
    expect(nodes.map(({ callFrame }) => callFrame.functionName)).toContain('spinForProfile')
  })

  it('of memory shows what is still in use', async () => {
    const { get } = await serve(true)
    const profiling = get('seconds=1&kind=memory')
    const kept: object[] = []
    const allocating = setInterval(() => keepForProfile(kept), 20)
    const response = await profiling
    clearInterval(allocating)
    expect(await response.text()).toContain('keepForProfile')
    expect(kept).not.toEqual([])
  })

  it('is refused for a wrong time, for a guild of another process, and beside another', async () => {
    const { get, close } = await serve(true)
    for (const query of ['', 'seconds=0', 'seconds=61', 'seconds=x', 'seconds=1&kind=x'])
      expect((await get(query)).status, query).toBe(400)
    expect((await get('seconds=1&guild=2')).status).toBe(404)
    const first = get('seconds=60')
    await expect.poll(async () => (await get('seconds=60')).status).toBe(409)
    // The server does not wait for a profile when it ends.
    await close()
    expect((await first).status).toBe(200)
  })

  it('does not exist where operators have no routes', async () => {
    const { get } = await serve(false)
    expect((await get('seconds=1')).status).toBe(404)
  })
})

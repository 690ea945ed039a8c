import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, startCommand, temporaryCache, threshold, untilReady } from './cli.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

describe('stage 3', { timeout: 240_000 }, () => {
  it('starts its roles and engines, and leaves nothing behind after SIGTERM', async () => {
    await using command = startCommand(['stage', '3', '--gateways', '2'], { env: cache.env })
    const url = await untilReady(command, 180_000)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const created = await fetch(`${url}/workshop/users`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'ada' }),
    })
    const { token } = (await created.json()) as { token: string }
    const gateway = await fetch(`${url}/api/v10/gateway/bot`, {
      headers: { Authorization: `Bot ${token}` },
    })
    const { url: socketUrl } = (await gateway.json()) as { url: string }
    expect(new URL(socketUrl).port).not.toBe(new URL(url).port)

    const { env } = cache
    expect((await threshold(['quarantine'], { env })).stdout).toBe('no guild is quarantined\n')
    const released = await threshold(['quarantine', 'release', '1'], { env })
    expect(released.code).toBe(1)
    expect(released.stderr).toMatch(/^NOT_QUARANTINED: .*\n {2}→ npx threshold quarantine/)

    const rebuilt = await threshold(['search', 'rebuild'], { env })
    expect(rebuilt.stdout, rebuilt.stderr).toBe('indexed 0 messages of 0 channels of stage 3\n')

    command.child.kill('SIGTERM')
    const { code, stdout, stderr } = await command.finished
    expect(stdout).toBe(`ready ${url}\n`)
    expect({ code, left: await cache.registered() }, stderr).toEqual({ code: 0, left: [] })
    const none = await threshold(['search', 'rebuild'], { env })
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/NO_SEARCH_INDEX: .*\n {2}→ npx threshold stage 3/)
  })

  it('replaces what all guilds of stage 2 share in one process', async () => {
    const { code, stdout } = await threshold(['stages', 'diff', '2', '3'])
    expect(code).toBe(0)
    for (const port of ['guild-hub', 'notifier', 'publish-reconciler'])
      expect(stdout).toMatch(
        new RegExp(`^${port} +.*\\(stage 1\\) +.*\\(stage 3\\) +replaced$`, 'm'),
      )
    expect(stdout).toMatch(/Engines\n {2}\+ nats\n/)
  })
})

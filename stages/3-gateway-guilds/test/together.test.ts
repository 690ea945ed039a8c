import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const ROLES = ['guilds', 'search', 'notifications', 'voice', 'gateway', 'api']

describe('a process of several roles', { timeout: 60_000 }, () => {
  it('serves all of them, and ends at SIGTERM', async () => {
    await using use = new AsyncDisposableStack()
    const nats = use.use(await dedicatedNats())
    const env = {
      ...process.env,
      THRESHOLD_MONGODB_URI: use.use(await leaseDatabase()).uri,
      THRESHOLD_CASSANDRA_URI: use.use(await leaseKeyspace()).uri,
      THRESHOLD_NATS_URI: nats.uri,
      THRESHOLD_TOKEN_SECRET: 'together'.repeat(8),
      THRESHOLD_PROVISIONING: 'on',
      THRESHOLD_PORT: '0',
    }
    const child = spawn(process.execPath, [MAIN, ...ROLES], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'exit')
    use.defer(async () => {
      child.kill('SIGKILL')
      await exited
    })
    const urls = new Map<string, string>()
    createInterface(child.stderr).on('line', (line) => {
      const { role, url } = JSON.parse(line) as { role?: string; url?: string }
      if (role && url) urls.set(role, url)
    })
    await expect.poll(() => [...urls.keys()], { timeout: 30_000 }).toEqual(ROLES)
    for (const url of urls.values()) expect((await fetch(`${url}/readyz`)).status).toBe(200)

    const api = urls.get('api')!
    const post = async (
      path: string,
      body: object,
      token = '',
    ): Promise<Record<string, string>> => {
      const response = await fetch(`${api}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
        body: JSON.stringify(body),
      })
      expect(response.ok, `${path}: ${response.status}`).toBe(true)
      return (await response.json()) as Record<string, string>
    }
    const { token } = await post('/workshop/users', { username: 'ada' })
    const guild = await post('/api/v10/guilds', { name: 'guild' }, token)
    const channels = `/api/v10/guilds/${guild.id}/channels`
    const channel = await post(channels, { name: 'general' }, token)
    const messages = `/api/v10/channels/${channel.id}/messages`
    expect((await post(messages, { content: 'hello' }, token)).content).toBe('hello')

    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })

  it('refuses a role that it does not have', async () => {
    const child = spawn(process.execPath, [MAIN, 'api', 'kitchen'])
    let output = ''
    child.stderr.on('data', (data: Buffer) => {
      output += String(data)
    })
    expect(await once(child, 'exit')).toEqual([2, null])
    expect(output).toContain('name roles of: api, gateway, guilds')
  })
})

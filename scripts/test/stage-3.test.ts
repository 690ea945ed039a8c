import { once } from 'node:events'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cache, startCommand, temporaryCache, threshold, untilReady } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

describe('stage 3', { timeout: 240_000 }, () => {
  it('starts its roles and engines, and leaves nothing behind after SIGTERM', async () => {
    await using sink = await pushSink()
    await using output = await mkdtempDisposable(join(tmpdir(), 'threshold-output-'))
    const THRESHOLD_OUTPUT = output.path
    const env = { ...cache.env, THRESHOLD_NOTIFICATIONS_URL: sink.url, THRESHOLD_OUTPUT }
    const search = allTests() ? 'opensearch' : 'sqlite'
    const args = ['stage', '3', '--gateways', '2', '--search', search]
    await using command = startCommand(args, { env })
    const url = await untilReady(command, 180_000)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const token = await createUser(url, 'ada')
    const gateway = await fetch(`${url}/api/v10/gateway/bot`, {
      headers: { Authorization: `Bot ${token}` },
    })
    const { url: socketUrl } = (await gateway.json()) as { url: string }
    expect(new URL(socketUrl).port).not.toBe(new URL(url).port)

    expect((await threshold(['quarantine'], { env })).stdout).toBe('no guild is quarantined\n')
    const released = await threshold(['quarantine', 'release', '1'], { env })
    expect(released.code).toBe(1)
    expect(released.stderr).toMatch(/^NOT_QUARANTINED: .*\n {2}→ npx threshold quarantine/)

    const id = await sendDirectMessage(url, token)
    const list = () => threshold(['dead-letters', 'list'], { env })
    await expect
      .poll(async () => (await list()).stdout, { timeout: 60_000 })
      .toMatch(
        new RegExp(`^push ${id} of stage 3, channel \\d+, given up 0 min ago after 1 attempt: `),
      )
    expect((await list()).stdout).not.toContain('secret')
    const unknown = await threshold(['dead-letters', 'replay', '1'], { env })
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toMatch(/^NO_DEAD_LETTER: .*\n {2}→ npx threshold dead-letters list/)
    sink.answer = 204
    const replayed = await threshold(['dead-letters', 'replay', '--all'], { env })
    expect(replayed.stdout).toBe('replayed 1 push\n')
    await expect.poll(() => sink.received.length, { timeout: 30_000 }).toBeGreaterThan(1)
    expect([...new Set(sink.received)]).toEqual([id])
    expect((await list()).stdout).toBe('no push has been given up\n')
    const rebuilt = await threshold(['search', 'rebuild'], { env })
    expect(rebuilt.stdout, rebuilt.stderr).toBe('indexed 0 messages of 0 channels of stage 3\n')

    const profiled = await threshold(['profile', 'gateway 2', '--seconds', '1'], { env })
    expect(profiled.stdout, profiled.stderr).toMatch(/\/profiles\/gateway-2-time-[\dT-]+\.html\n$/)
    expect(await readFile(profiled.stdout.trim(), 'utf8')).toContain(
      'Stage 3, gateway 2: time in 1 s',
    )
    const nobody = await threshold(['profile', 'gatewya'], { env })
    expect(nobody.stderr).toMatch(/^UNKNOWN_PROCESS: .*did you mean gateway\?/m)
    const owned = await threshold(['profile', id, '--heap', '--seconds', '1'], { env })
    expect(owned.stdout, owned.stderr).toMatch(/\/profiles\/guilds-\d-memory-[\dT-]+\.html\n$/)

    command.child.kill('SIGTERM')
    const { code, stdout, stderr } = await command.finished
    expect(stdout).toBe(`ready ${url}\n`)
    expect({ code, left: await cache.registered() }, stderr).toEqual({ code: 0, left: [] })
    const none = await threshold(['search', 'rebuild'], { env })
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/NO_SEARCH_INDEX: .*\n {2}→ npx threshold stage 3/)
  })

  it('is the first stage that can search in OpenSearch', async () => {
    const { code, stderr } = await runInProcess(['stage', '2', '--search', 'opensearch'])
    expect(stderr).toMatch(/^BAD_OPTION: stage 2 has no processes for --search opensearch\n/)
    expect(code).toBe(2)
  })

  it('replays no dead letter that is not named', async () => {
    const { code, stderr } = await runInProcess(['dead-letters', 'replay'])
    expect(stderr).toMatch(/^BAD_OPTION: .*--all\n {2}→ npx threshold dead-letters list/)
    expect(code).toBe(2)
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

/** Repeats a request that a busy machine has answered 503. */
async function post<T>(url: string, path: string, body: object, token = ''): Promise<T> {
  return await vi.waitFor(
    async () => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
        body: JSON.stringify(body),
      })
      expect(response.ok, `${path}: ${response.status}`).toBe(true)
      return (await response.json()) as T
    },
    { timeout: 60_000, interval: 500 },
  )
}

async function createUser(url: string, username: string): Promise<string> {
  return (await post<{ token: string }>(url, '/workshop/users', { username })).token
}

/** Sends a message to a new user. Returns its id. */
async function sendDirectMessage(url: string, token: string): Promise<string> {
  const bob = await createUser(url, 'bob')
  const me = await fetch(`${url}/api/v10/users/@me`, { headers: { Authorization: `Bot ${bob}` } })
  const { id: recipient_id } = (await me.json()) as { id: string }
  const channels = '/api/v10/users/@me/channels'
  const channel = await post<{ id: string }>(url, channels, { recipient_id }, token)
  const messages = `/api/v10/channels/${channel.id}/messages`
  const message = { content: 'a secret', nonce: '1', enforce_nonce: true }
  return (await post<{ id: string }>(url, messages, message, token)).id
}

/** A sink for pushes, which refuses them at first. */
async function pushSink() {
  const sink = { url: '', answer: 410, received: [] as unknown[] }
  const server = createServer((request, response) => {
    sink.received.push(request.headers['idempotency-key'])
    request.resume()
    response.writeHead(sink.answer).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(sink, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  })
}

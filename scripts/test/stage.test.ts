import { once } from 'node:events'
import { request } from 'node:http'
import { freePort, isPortFree, listenError } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cache, startCommand, temporaryCache, untilExited, untilReady } from './cli.ts'

const hasIpv6 = (await listenError(0, '::1')) === undefined

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

describe('stage', { timeout: 120_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints one line when it serves, and leaves nothing behind after %s',
    async (signal) => {
      const port = await freePort()
      await using command = startCommand(
        ['stage', '1', '--port', String(port), '--heartbeat', '3000'],
        {
          env: cache.env,
        },
      )
      const url = await untilReady(command)
      expect(url).toBe(`http://127.0.0.1:${port}`)
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      // Provisioning is on, and the token it returns is valid for the API.
      const created = await fetch(`${url}/workshop/users`, {
        method: 'POST',
        body: '{"username":"ada"}',
        headers: { 'content-type': 'application/json' },
      })
      const { token } = (await created.json()) as { token: string }
      expect(
        (await fetch(`${url}/api/v10/users/@me`, { headers: { authorization: `Bot ${token}` } }))
          .status,
      ).toBe(200)
      expect((await cache.registered()).length).toBeGreaterThan(0)

      command.child.kill(signal)
      const { code, stdout, stderr } = await command.finished
      expect(stdout).toBe(`ready ${url}\n`)
      expect(
        { code, left: await cache.registered(), free: await isPortFree(port) },
        stderr,
      ).toEqual({
        code: 0,
        left: [],
        free: true,
      })
    },
  )

  it('ends everything at once at the second Ctrl-C, and lists it', async () => {
    await using command = startCommand(['stage', '1'], { env: cache.env })
    const url = await untilReady(command)
    const pids = [await cache.pidOf('stage'), await cache.pidOf('mongodb')]
    // A request waits for the database, which does not answer now, and the stage for the request.
    process.kill(pids[1]!, 'SIGSTOP')
    const waiting = request(`${url}/workshop/users`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    }).on('error', () => {})
    waiting.end(JSON.stringify({ username: 'ada' }))
    await once(waiting, 'finish')
    command.child.kill('SIGINT')
    await vi.waitFor(
      () => expect(command.stderr()).toMatch(/^closing .*\(process \d+\); Ctrl-C once more/m),
      { timeout: 10_000 },
    )
    // Signals within a second count as one, so repeat until one counts as the second.
    const repeated = setInterval(() => command.child.kill('SIGINT'), 100)
    const { code, stderr } = await command.finished.finally(() => clearInterval(repeated))
    expect(code).toBe(130)
    for (const pid of pids) expect(stderr).toMatch(new RegExp(`^ended .*\\(process ${pid}\\)`, 'm'))
    await untilExited(...pids)
  })

  it('keeps its log on stderr, at the level that the environment sets', async () => {
    await using command = startCommand(['stage', '1'], {
      env: { ...cache.env, THRESHOLD_LOG_LEVEL: 'silent' },
    })
    await untilReady(command)
    command.child.kill('SIGTERM')
    expect((await command.finished).stderr).not.toContain('"level"')
  })

  it('reports the reason and ends the engine when the stage is killed', async () => {
    await using command = startCommand(['stage', '1'], { env: cache.env })
    await untilReady(command)
    process.kill(await cache.pidOf('stage'), 'SIGKILL')
    const { code, stderr } = await command.finished
    expect(stderr).toMatch(/^STAGE_ENDED: stage 1 ended: signal SIGKILL$/m)
    expect({ code, left: await cache.registered() }).toEqual({ code: 1, left: [] })
  })

  it('reports that its port is taken', async () => {
    await using first = startCommand(['stage', '1'], { env: cache.env })
    const port = new URL(await untilReady(first)).port
    await using second = startCommand(['stage', '1', '--port', port], { env: cache.env })
    const { code, stdout, stderr } = await second.finished
    // It fails before a database is started, and does not suggest to run doctor.
    expect(stderr).toBe(
      `PORT_TAKEN: port ${port} (--port) is taken: stage 1 of Threshold serves there\n` +
        `  → choose another: --port ${Number(port) + 1}; 0 takes any free one\n`,
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it.runIf(hasIpv6)('prints the address that it listens on (skipped without ::1)', async () => {
    await using command = startCommand(['stage', '1'], {
      env: { ...cache.env, THRESHOLD_HOST: '::1' },
    })
    const url = await untilReady(command)
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(command.stderr()).toContain(`chat page: ${url}/`)
  })

  it('serves from an external MongoDB', async () => {
    await using database = await leaseDatabase()
    const env = { ...cache.env, THRESHOLD_MONGODB_URI: database.uri }
    await using command = startCommand(['stage', '1', '--engine', 'external'], { env })
    expect((await fetch(`${await untilReady(command)}/readyz`)).status).toBe(200)
    expect(command.stderr()).toContain('(external')
    command.child.kill('SIGTERM')
    expect((await command.finished).code).toBe(0)
  })
})

import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Cache,
  startCommand,
  temporaryCache,
  threshold,
  untilExited,
  untilReady,
} from './cli.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

const call = (url: string, body: object, token?: string) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
    },
  })

describe('stage 2', { timeout: 180_000 }, () => {
  it('starts both its engines, stores messages, and leaves nothing behind after SIGTERM', async () => {
    await using command = startCommand(['stage', '2'], { env: cache.env })
    const url = await untilReady(command)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(command.stderr()).toMatch(/stage 2, Messages on Cassandra, on .+ and Cassandra/)

    const { token } = (await (await call(`${url}/workshop/users`, { username: 'ada' })).json()) as {
      token: string
    }
    const api = `${url}/api/v10`
    const guild = (await (await call(`${api}/guilds`, { name: 'guild' }, token)).json()) as {
      id: string
    }
    const channel = (await (
      await call(`${api}/guilds/${guild.id}/channels`, { name: 'channel' }, token)
    ).json()) as { id: string }
    const sent = await call(`${api}/channels/${channel.id}/messages`, { content: 'hello' }, token)
    expect(sent.status).toBe(200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(
      /threshold_cassandra_statements_total\{operation="messages\.insert"[^}]*\} [1-9]/,
    )

    const cassandra = await cache.pidOf('cassandra')
    command.child.kill('SIGTERM')
    const { code, stdout, stderr } = await command.finished
    expect(stdout).toBe(`ready ${url}\n`)
    await untilExited(cassandra)
    expect({ code, left: await cache.registered() }, stderr).toEqual({ code: 0, left: [] })
  })

  it.runIf(allTests())('reports which engine ended when Cassandra is killed', async () => {
    await using command = startCommand(['stage', '2'], { env: cache.env })
    await untilReady(command)
    process.kill(await cache.pidOf('cassandra'), 'SIGKILL')
    const { code, stderr } = await command.finished
    expect(stderr).toMatch(/^STAGE_ENDED: the engine ended: Cassandra/m)
    expect({ code, left: await cache.registered() }).toEqual({ code: 1, left: [] })
  })

  it('replaces only the message store of stage 1', async () => {
    const { code, stdout } = await threshold(['stages', 'diff', '1', '2'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^message-store +message-store\.mongodb\.ts \(stage 1\) +message-store\.cassandra\.ts \(stage 2\) +replaced$/m,
    )
    expect(stdout.match(/replaced$/gm)).toHaveLength(1)
    expect(stdout).toMatch(/Engines\n {2}\+ cassandra\n/)
  })
})

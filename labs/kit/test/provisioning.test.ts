import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { firstIdAt } from '@threshold/contract'
import type { ProgressStep } from '@threshold/engines'
import { describe, expect, it } from 'vitest'
import { largestOf } from '../src/load/workload.ts'
import { provisionFixture } from '../src/run/fixture.ts'

const DAY_MS = 86_400_000

interface Import {
  readonly channel_id: string
  readonly messages: number
  readonly days: number
  readonly until_days: number
}

/** Does with a request what its name says; `lose` performs it and then resets the connection. */
type Mishap = 'refuse' | 'limit' | 'reset' | 'lose' | 'fail' | 'half'

/** A fake stage. `mishaps` holds, for `METHOD /path`, what happens to the next such requests. */
async function startFakeStage(mishaps: Readonly<Record<string, readonly Mishap[]>>) {
  const waiting = new Map(Object.entries(mishaps).map(([key, list]) => [key, [...list]]))
  const users: string[] = []
  const guilds: { id: string; name: string; owner: string }[] = []
  const members = new Set<string>()
  const channels: { id: string; name: string; type: number; guild: string }[] = []
  const messages = new Map<string, string[]>()
  const arrivals: { key: string; atMs: number }[] = []
  let next = 1

  function handle(method: string, path: string, token: string, body: unknown, half: boolean) {
    const [url = '', query = ''] = path.split('?')
    const [, guild = ''] = /guilds\/(\w+)/.exec(url) ?? []
    const { username, name } = body as { username: string; name: string }
    if (url === '/workshop/users') {
      users.push(username)
      return { id: `u${next++}`, token: username }
    }
    if (url === '/api/v10/users/@me/guilds') return guilds.filter(({ owner }) => owner === token)
    if (url === '/api/v10/guilds') {
      const created = { id: `g${next++}`, name, owner: token }
      guilds.push(created)
      channels.push({ id: `c${next++}`, name: 'general', type: 0, guild: created.id })
      return created
    }
    if (url.includes('/members/')) return members.add(url) && undefined
    if (url.endsWith('/channels')) {
      if (method === 'GET') return channels.filter((channel) => channel.guild === guild)
      const created = { id: `c${next++}`, name, type: 0, guild }
      channels.push(created)
      return created
    }
    if (url === '/workshop/history') return importInto(body as Import, half)
    const [, channel = ''] = /channels\/(\w+)/.exec(url) ?? []
    const after = BigInt(/after=(\d+)/.exec(query)?.[1] ?? 0)
    const ids = (messages.get(channel) ?? []).filter((id) => BigInt(id) > after)
    return ids.slice(0, 100).map((id) => ({ id }))
  }

  function importInto(batch: Import, half: boolean): undefined {
    const stored = messages.get(batch.channel_id) ?? []
    messages.set(batch.channel_id, stored)
    const span = batch.days - batch.until_days
    for (let n = 0; n < (half ? batch.messages / 2 : batch.messages); n++) {
      const at = Date.now() - DAY_MS * (batch.days - (span * n) / batch.messages)
      stored.push((BigInt(firstIdAt(at)) + BigInt(n)).toString())
    }
    stored.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    const key = `${method} ${url.split('?')[0]!.replaceAll(/\/[gcu]\d+/g, '/ID')}`
    arrivals.push({ key, atMs: performance.now() })
    const body = method === 'GET' ? {} : await json(request)
    const mishap = waiting.get(key)?.shift()
    if (mishap === 'refuse')
      return response.writeHead(503, { 'retry-after': '1' }).end('{"secret":"raw body"}')
    if (mishap === 'limit') return response.writeHead(429, { 'retry-after': '0' }).end('{}')
    if (mishap === 'fail')
      return response.writeHead(403).end('{"message":"Missing Permissions","secret":"raw body"}')
    if (mishap === 'reset') return request.socket.destroy()
    const token = headers.authorization?.replace('Bot ', '') ?? ''
    const answer = handle(method, url, token, body, mishap === 'half')
    if (mishap === 'lose' || mishap === 'half') return request.socket.destroy()
    return response.end(answer === undefined ? '' : JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    users,
    guilds,
    members,
    channels,
    messages,
    arrivals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

const GROUPS = largestOf([
  {
    v: 1,
    seconds: 1,
    warmupSeconds: 0,
    seed: 1,
    timeoutSeconds: 1,
    reconnect: false,
    groups: [
      {
        name: 'guilds',
        guilds: 2,
        online: 3,
        channels: 2,
        messagesPerSecond: 1,
        readsPerSecond: 0,
        history: { messages: 600, days: 30, characters: 10 },
      },
    ],
  },
])

const CALLS = {
  user: 'POST /workshop/users',
  guild: 'POST /api/v10/guilds',
  join: 'PUT /api/v10/guilds/ID/members/ID',
  channel: 'POST /api/v10/guilds/ID/channels',
  history: 'POST /workshop/history',
} as const

describe('provisioning', { timeout: 60_000 }, () => {
  it.each(['refuse', 'limit', 'reset', 'lose'] as const)(
    'creates everything exactly once if the stage answers first requests with "%s"',
    async (mishap) => {
      await using stage = await startFakeStage(
        Object.fromEntries(Object.values(CALLS).map((key) => [key, [mishap, mishap]])),
      )
      const steps: ProgressStep[] = []
      const fixture = await provisionFixture(stage.url, GROUPS, (step) => steps.push(step))
      expect(fixture.guilds.map(({ members }) => members.length)).toEqual([3, 3])
      expect(stage.guilds.length).toBe(2)
      expect(stage.members.size).toBe(4)
      expect(stage.channels.length).toBe(4)
      expect([...stage.messages.values()].map((ids) => new Set(ids).size)).toEqual(
        Array(4).fill(600),
      )
      // A lost answer leaves a user that joins no guild.
      expect(stage.users.length).toBe(mishap === 'lose' ? 8 : 6)
      expect(steps.map(({ text }) => text)).toContain(
        'provisioning users: the stage is busy; trying again',
      )
      expect(steps.at(-1)).toMatchObject({ done: 10, total: 10 })
    },
  )

  it('completes a history of which the stage wrote a part', async () => {
    await using stage = await startFakeStage({ [CALLS.history]: ['half', 'half', 'half'] })
    await provisionFixture(stage.url, GROUPS, () => {})
    expect([...stage.messages.values()].map((ids) => ids.length)).toEqual(Array(4).fill(600))
  })

  it('waits as long as the stage asks for', async () => {
    await using stage = await startFakeStage({ [CALLS.guild]: ['refuse'] })
    await provisionFixture(stage.url, [{ ...GROUPS[0]!, guilds: 1 }], () => {})
    const [first, second] = stage.arrivals.filter(({ key }) => key === CALLS.guild)
    expect(second!.atMs - first!.atMs).toBeGreaterThan(950)
  })

  it('gives up in plain words, without the body of an answer', async () => {
    await using stage = await startFakeStage({ [CALLS.user]: Array(500).fill('refuse') })
    const failed = provisionFixture(stage.url, GROUPS, () => {}, 1_500)
    await expect(failed).rejects.toMatchObject({
      code: 'STAGE_BUSY',
      message: expect.stringMatching(
        /^the stage did not create a user within 2 s.*POST \/workshop\/users: it is too busy to answer in time \(503\)$/,
      ),
    })
  })

  it('does not repeat a request that the stage refuses for another reason', async () => {
    await using stage = await startFakeStage({ [CALLS.guild]: ['fail'] })
    await expect(provisionFixture(stage.url, GROUPS, () => {})).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      message: 'POST /api/v10/guilds: the stage refused it (403: Missing Permissions)',
    })
  })
})

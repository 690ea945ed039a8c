import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send } from './abuse/http.ts'
import { exchange, statuses } from './abuse/raw.ts'
import { type AbusedStage, abusedStage, newUser } from './abuse/world.ts'

let abused: AbusedStage
beforeAll(async () => {
  abused = await abusedStage()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

const JSON_TYPE = { 'content-type': 'application/json' }
const here = (): string => new URL(abused.url).host
const port = (): string => new URL(abused.url).port
const make = (headers: Record<string, string>) =>
  send(abused.url, { method: 'POST', path: '/workshop/users', headers, body: '{"username":"x"}' })

/** A page of another site shows in its host name, made to resolve to loopback, or in its origin. */
const foreign = (): Record<string, string>[] => [
  { host: 'evil.example' },
  { host: `evil.example:${port()}`, origin: `http://evil.example:${port()}` },
  { host: `localhost.evil.example:${port()}` },
  { host: `10.1.2.3:${port()}` },
  { origin: 'http://evil.example' },
  { origin: 'http://localhost:1' },
  { origin: `https://evil.example:${port()}` },
  { origin: 'null' },
]

describe('a page of another site in a browser on this machine', () => {
  it('makes no user, reads no metrics and gets no page', async () => {
    for (const headers of foreign()) {
      expect((await make({ ...JSON_TYPE, ...headers })).status, JSON.stringify(headers)).toBe(403)
      for (const path of [
        '/metrics',
        '/',
        '/app.js',
        '/workshop/history',
        '/%77orkshop/users',
        '//metrics',
      ])
        expect(
          (await send(abused.url, { method: 'GET', path, headers })).status,
          `${path} ${JSON.stringify(headers)}`,
        ).toBe(403)
    }
  })

  it('makes no user by a body whose type a browser sends unasked', async () => {
    for (const type of [
      undefined,
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/json',
    ])
      expect((await make(type === undefined ? {} : { 'content-type': type })).status, type).toBe(
        415,
      )
  })

  it('opens no gateway socket, where a bot does, and the page of the stage itself', async () => {
    const upgrade = async (headers: Record<string, string>): Promise<number[]> => {
      const all = {
        ...{ host: here(), connection: 'Upgrade', upgrade: 'websocket' },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
        ...headers,
      }
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
      const { text } = await exchange(
        abused.url,
        `${['GET /?v=10&encoding=json HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`,
        500,
      )
      return statuses(text)
    }
    for (const headers of foreign())
      if (headers.origin) expect(await upgrade(headers), JSON.stringify(headers)).toEqual([403])
    expect(await upgrade({}), 'a bot').toEqual([101])
    expect(
      await upgrade({ host: 'gateway.discord.gg' }),
      'an unmodified bot behind a proxy',
    ).toEqual([101])
    expect(await upgrade({ origin: `http://${here()}` }), 'the page').toEqual([101])
    expect(
      await upgrade({ host: `localhost:${port()}`, origin: `http://localhost:${port()}` }),
      'the page by name',
    ).toEqual([101])
  })

  it('is told from the stage’s own page and from every client of the API', async () => {
    const own: Record<string, string>[] = [
      {},
      { origin: `http://${here()}` },
      { host: `localhost:${port()}` },
      { host: `[::1]:${port()}` },
    ]
    for (const headers of own)
      expect((await make({ ...JSON_TYPE, ...headers })).status, JSON.stringify(headers)).toBe(201)
    expect((await make({ 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(201)
    const { token } = await newUser(abused.url)
    const headers = { host: 'discord.com', authorization: `Bot ${token}` }
    expect(
      (await send(abused.url, { method: 'GET', path: '/api/v10/users/@me', headers })).status,
    ).toBe(200)
    for (const path of ['/healthz', '/readyz'])
      expect(
        (await send(abused.url, { method: 'GET', path, headers: { host: 'probe.cluster.local' } }))
          .status,
      ).toBe(200)
  })
})

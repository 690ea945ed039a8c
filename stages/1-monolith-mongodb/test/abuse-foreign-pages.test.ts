import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newUser, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { send } from './abuse/http.ts'
import { exchange, statuses } from './abuse/raw.ts'

let underTest: StageUnderTest
beforeAll(async () => {
  underTest = await startStageUnderTest()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

const JSON_TYPE = { 'content-type': 'application/json' }
const ownHost = (): string => new URL(underTest.url).host
const port = (): string => new URL(underTest.url).port
const createUser = (headers: Record<string, string>) =>
  send(underTest.url, {
    method: 'POST',
    path: '/workshop/users',
    headers,
    body: '{"username":"x"}',
  })

/** Requests from a foreign page: by `Host`, after DNS rebinding, or by `Origin`. */
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

describe('a foreign page in a browser on this machine', () => {
  it('cannot create users, read metrics or load the page', async () => {
    for (const headers of foreign()) {
      expect((await createUser({ ...JSON_TYPE, ...headers })).status, JSON.stringify(headers)).toBe(
        403,
      )
      for (const path of [
        '/metrics',
        '/',
        '/app.js',
        '/workshop/history',
        '/%77orkshop/users',
        '//metrics',
      ])
        expect(
          (await send(underTest.url, { method: 'GET', path, headers })).status,
          `${path} ${JSON.stringify(headers)}`,
        ).toBe(403)
    }
  })

  it('cannot create users with a body type that needs no preflight', async () => {
    for (const type of [
      undefined,
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/json',
    ])
      expect(
        (await createUser(type === undefined ? {} : { 'content-type': type })).status,
        type,
      ).toBe(415)
  })

  it('cannot open a gateway socket, while a bot and the own page can', async () => {
    const { host, port: gatewayPort } = new URL(underTest.gatewayUrl)
    const upgrade = async (headers: Record<string, string>): Promise<number[]> => {
      const all = {
        host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      }
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
      const { text } = await exchange(
        underTest.gatewayUrl,
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
    expect(await upgrade({ origin: `http://${host}` }), 'the page').toEqual([101])
    expect(
      await upgrade({
        host: `localhost:${gatewayPort}`,
        origin: `http://localhost:${gatewayPort}`,
      }),
      'the page by name',
    ).toEqual([101])
  })

  it('is distinguished from the own page and from clients of the API', async () => {
    const own: Record<string, string>[] = [
      {},
      { origin: `http://${ownHost()}` },
      { host: `localhost:${port()}` },
      { host: `[::1]:${port()}` },
    ]
    for (const headers of own)
      expect((await createUser({ ...JSON_TYPE, ...headers })).status, JSON.stringify(headers)).toBe(
        201,
      )
    expect((await createUser({ 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(
      201,
    )
    const { token } = await newUser(underTest.url)
    const headers = { host: 'discord.com', authorization: `Bot ${token}` }
    expect(
      (await send(underTest.url, { method: 'GET', path: '/api/v10/users/@me', headers })).status,
    ).toBe(200)
    for (const path of ['/healthz', '/readyz'])
      expect(
        (
          await send(underTest.url, {
            method: 'GET',
            path,
            headers: { host: 'probe.cluster.local' },
          })
        ).status,
      ).toBe(200)
  })
})

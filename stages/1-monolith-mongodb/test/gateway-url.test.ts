import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { newUser, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { apiAs } from './abuse/http.ts'
import { identify } from './abuse/session.ts'

const GATEWAYS = ['ws://first.example:3001', 'wss://second.example']
const PAGE = 'http://127.0.0.1:1'

let underTest: StageUnderTest
let token: string
beforeAll(async () => {
  underTest = await startStageUnderTest({
    THRESHOLD_GATEWAY_URL: GATEWAYS.join(','),
    THRESHOLD_ORIGINS: PAGE,
  })
  token = (await newUser(underTest.url)).token
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

/** A socket to the process itself. Nothing listens at the configured addresses. */
const socketTo = (headers: Record<string, string>, { url }: StageUnderTest): WebSocket =>
  new WebSocket(`ws://${new URL(url).host}/?v=10&encoding=json`, { headers })

async function resumeUrl(
  headers: Record<string, string>,
  { stage = underTest, as = token } = {},
): Promise<string> {
  const socket = socketTo(headers, stage)
  socket.once('message', () => socket.send(JSON.stringify(identify(as))))
  try {
    for (;;) {
      const [data] = (await once(socket, 'message')) as [Buffer]
      const { t, d } = JSON.parse(String(data)) as { t: string; d: { resume_gateway_url: string } }
      if (t === 'READY') return d.resume_gateway_url
    }
  } finally {
    socket.terminate()
  }
}

/** The status of the answer to an upgrade from a page. */
async function upgradeFrom(origin: string): Promise<number | undefined> {
  const socket = socketTo({ origin }, underTest)
  socket.on('error', () => {})
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>()
  socket.on('open', () => resolve(101))
  socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
  try {
    return await status
  } finally {
    socket.terminate()
  }
}

describe('a stage with gateways at addresses of their own', () => {
  it('hands them out in turn, to bots and other clients', async () => {
    const ask = async (path: string): Promise<string> =>
      JSON.parse((await apiAs(underTest.url, token)('GET', path)).text).url
    const answers = [await ask('/gateway'), await ask('/gateway/bot'), await ask('/gateway')]
    expect(answers.slice(0, 2).toSorted()).toEqual(GATEWAYS)
    expect(answers[2]).toBe(answers[0])
  })

  it('names in READY the one that the client is connected to', async () => {
    expect(await resumeUrl({ host: 'second.example' })).toBe(GATEWAYS[1])
    expect(await resumeUrl({ host: 'first.example:3001' })).toBe(GATEWAYS[0])
    expect(await resumeUrl({}), 'another name').toBe(GATEWAYS[0])
  })

  it('lets its page connect to them only', async () => {
    const { headers } = await fetch(underTest.url)
    expect(headers.get('content-security-policy')).toContain(
      `; connect-src 'self' ${GATEWAYS.join(' ')}; `,
    )
  })

  it('opens sockets for the pages of THRESHOLD_ORIGINS, and for no foreign page', async () => {
    expect(await upgradeFrom(PAGE)).toBe(101)
    expect(await upgradeFrom(underTest.url)).toBe(101)
    for (const origin of ['http://evil.example', 'http://127.0.0.1:2', 'https://127.0.0.1:1'])
      expect(await upgradeFrom(origin), origin).toBe(403)
  })
})

describe('a stage behind a proxy', () => {
  it.each([
    ['is reached at the host that it forwards, if its address is trusted', '127.0.0.1', true],
    ['ignores the forwarded host if its address is not trusted', '10.0.0.0/8', false],
  ])('%s', async (_title, proxies, trusted) => {
    await using stage = await startStageUnderTest({ THRESHOLD_TRUSTED_PROXIES: proxies })
    const as = (await newUser(stage.url)).token
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example' }
    const expected = trusted ? 'wss://chat.example' : `ws://${new URL(stage.url).host}`
    for (const path of ['/gateway', '/gateway/bot']) {
      const { text } = await apiAs(stage.url, as)('GET', path, undefined, headers)
      expect(JSON.parse(text).url, path).toBe(expected)
    }
    expect(await resumeUrl(headers, { stage, as })).toBe(expected)
  })
})

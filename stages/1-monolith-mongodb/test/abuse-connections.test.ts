import { setTimeout as delay } from 'node:timers/promises'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { expectValidAnswer, residentMemory, send } from './abuse/http.ts'
import { dial, exchange, statuses } from './abuse/raw.ts'

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  underTest = await startStageUnderTest()
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`
/** A request hidden in the body of another one. An answer to it means that it was smuggled. */
const SMUGGLED = lines('GET /healthz HTTP/1.1', 'Host: x')

const JSON_BODY = ['Host: localhost', 'Content-Type: application/json']

describe('a hostile connection', () => {
  const malformed: [name: string, bytes: string | Buffer, status: number][] = [
    ['noise', Buffer.from([0, 1, 2, 255, 254, 10, 13, 10]), 400],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex'), 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an unknown HTTP version', lines('GET / HTTP/7.7', 'Host: x'), 400],
    ['an unknown method', lines('BREW / HTTP/1.1', 'Host: x'), 400],
    ['a header without a colon', lines('GET / HTTP/1.1', 'Host: x', 'nonsense'), 400],
    ['a zero byte in a header', lines('GET / HTTP/1.1', 'Host: x', 'X: a\0b'), 400],
    ['a space before a colon', lines('GET / HTTP/1.1', 'Host: x', 'Content-Length : 5'), 400],
    ['headers of 100 kB', lines('GET / HTTP/1.1', 'Host: x', `X: ${'x'.repeat(100_000)}`), 431],
    ['an address of 100 kB', lines(`GET /${'x'.repeat(100_000)} HTTP/1.1`, 'Host: x'), 431],
    [
      'two lengths',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Content-Length: 5', 'Content-Length: 60')}12345${SMUGGLED}`,
      400,
    ],
    [
      'a length and chunks',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`,
      400,
    ],
    [
      'an unknown transfer encoding',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Transfer-Encoding: xchunked')}0\r\n\r\n${SMUGGLED}`,
      400,
    ],
    [
      'chunked, but not as the last encoding',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${SMUGGLED}`,
      400,
    ],
    [
      'a length with a sign',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Content-Length: +5')}12345${SMUGGLED}`,
      400,
    ],
    [
      'a negative length',
      lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Content-Length: -1'),
      400,
    ],
    [
      'a chunk without a size',
      `${lines('POST /workshop/users HTTP/1.1', ...JSON_BODY, 'Transfer-Encoding: chunked')}zz\r\n${SMUGGLED}`,
      400,
    ],
    [
      'a bare line feed',
      `POST /workshop/users HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 5\n\n12345${SMUGGLED}`,
      400,
    ],
  ]
  it.each(malformed)('gets one valid error and is closed: %s', async (_name, bytes, status) => {
    const { text, closed } = await exchange(underTest.url, bytes)
    expect([statuses(text), closed], text.slice(0, 300)).toEqual([[status], true])
    expect(text).toMatch(/content-type: application\/json\r\n/i)
    expect(JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4))).toMatchObject({
      code: 0,
      message: expect.stringContaining(String(status)),
    })
  })

  // Takes 20 s.
  it.runIf(allTests())(
    'gets 408 and is closed if headers or body arrive too slowly',
    { timeout: 90_000 },
    async () => {
      const slow: [name: string, start: string, drip: string][] = [
        ['headers', 'GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n'],
        [
          'a body',
          lines(
            'POST /workshop/users HTTP/1.1',
            'Host: localhost',
            'Content-Type: application/json',
            'Content-Length: 1000',
          ).replace(/$/, '{'),
          ' ',
        ],
        ['silence', '', ''],
      ]
      const startedAt = Date.now()
      await Promise.all(
        slow.map(async ([name, start, drip]) => {
          const socket = await dial(underTest.url)
          let text = ''
          let closed = false
          socket.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
          socket.on('close', () => {
            closed = true
          })
          if (start !== '') socket.write(start)
          while (!closed && Date.now() - startedAt < 60_000) {
            if (drip !== '') socket.write(drip)
            await delay(1_000)
          }
          expect(closed, name).toBe(true)
          expect(statuses(text), name).toEqual([408])
        }),
      )
      expect(Date.now() - startedAt).toBeLessThan(40_000)
      expect((await send(underTest.url, { method: 'GET', path: '/healthz' })).status).toBe(200)
    },
  )

  it('gets no files other than those of the page', async () => {
    const paths = [
      ...[
        '/../../etc/passwd',
        '/..%2f..%2f..%2fetc%2fpasswd',
        '/%2e%2e/%2e%2e/index.ts',
        '/browser/index.html',
        '/../index.ts',
        '/index.ts',
      ],
      ...[
        '//etc/passwd',
        '/\\..\\index.ts',
        '/app.js%00',
        '/app.js/',
        '/app.js/..',
        '/./app.js',
        '/APP.JS',
        '/style.css%2f..',
        '/__proto__',
        '/constructor',
        '/.env',
      ],
    ]
    for (const path of paths) {
      const answer = await send(underTest.url, { method: 'GET', path })
      expectValidAnswer(answer, path)
      expect(answer.status, path).toBe(404)
    }
    for (const path of [
      '/%',
      '/%zz',
      '/api/v10/channels/%ff/messages',
      '/api/v10/users/%E0%A4%A',
    ]) {
      const answer = await send(underTest.url, {
        method: 'GET',
        path,
        headers: { authorization: `Bot ${fixture.token}` },
      })
      expectValidAnswer(answer, path)
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
    }
    const page = await send(underTest.url, { method: 'GET', path: '/app.js' })
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    const again = await send(underTest.url, {
      method: 'GET',
      path: '/app.js',
      headers: { 'if-none-match': String(page.headers.etag) },
    })
    expect([page.status, again.status, again.text]).toEqual([200, 304, ''])
  })

  it('goes on as HTTP/1.1 if it offers another protocol, and gets an error for an invalid WebSocket upgrade', async () => {
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    ]
    const api = await exchange(
      underTest.url,
      lines('GET /api/v10/gateway HTTP/1.1', 'Host: x', ...offer),
      1_000,
    )
    expect(statuses(api.text)).toEqual([200])
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
    const cases: [status: number, path: string, ...headers: string[]][] = [
      [404, '/api/v10/gateway', ...upgrade, key, 'Sec-WebSocket-Version: 13'],
      [404, '//', ...upgrade, key, 'Sec-WebSocket-Version: 13'],
      [400, '/', ...upgrade, 'Sec-WebSocket-Version: 13'],
      [400, '/', ...upgrade, 'Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 13'],
      [400, '/', ...upgrade, key, 'Sec-WebSocket-Version: 1'],
    ]
    for (const [status, path, ...headers] of cases) {
      const { text, closed } = await exchange(
        underTest.gatewayUrl,
        lines(`GET ${path} HTTP/1.1`, 'Host: x', ...headers),
      )
      expect([statuses(text), closed], `${path} ${headers.join()}`).toEqual([[status], true])
    }
  })

  it('does not fill the memory by sending requests without reading the answers', {
    timeout: 60_000,
  }, async () => {
    const before = await residentMemory(underTest.url)
    const greedy = await Promise.all(Array.from({ length: 5 }, () => dial(underTest.url)))
    const request = lines('GET /messages.css HTTP/1.1', 'Host: localhost')
    for (const socket of greedy) {
      socket.pause()
      socket.write(request.repeat(4_000))
    }
    // Other clients are served meanwhile, long enough for the memory to grow.
    for (let i = 0; i < 10; i++)
      for (const answer of await Promise.all(
        Array.from({ length: 50 }, () => fixture.call('GET', `/channels/${fixture.channel}`)),
      ))
        expect(answer.status).toBe(200)
    expect((await residentMemory(underTest.url)) - before).toBeLessThan(200_000_000)
    for (const socket of greedy) socket.destroy()
  })
})

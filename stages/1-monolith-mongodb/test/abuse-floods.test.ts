import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, newUser, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { apiAs, expectValidAnswer, send } from './abuse/http.ts'
import {
  dial,
  exchange,
  fragments,
  openRaw,
  type RawWebSocket,
  statuses,
  writeFrame,
} from './abuse/raw.ts'
import { bystander, identify } from './abuse/session.ts'

const REQUESTS = 40
const SECONDS = 3
const SOCKETS = 30
/** Further connections that the stage reserves for REST. */
const SPARE = 1_000
const EMPTY = Buffer.alloc(0)

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  underTest = await startStageUnderTest({
    THRESHOLD_RATE_REQUESTS: String(REQUESTS),
    THRESHOLD_RATE_SECONDS: String(SECONDS),
    THRESHOLD_MAX_CONNECTIONS: String(SOCKETS),
  })
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

describe('a flood', () => {
  it('of requests is answered 429 with the right time to wait, and does not affect other users', async () => {
    const typing = () => fixture.call('POST', `/channels/${fixture.channel}/typing`)
    const answers = await Promise.all(Array.from({ length: REQUESTS * 2 }, typing))
    for (const answer of answers) expectValidAnswer(answer, 'a flood')
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(REQUESTS)
    const [first] = refused
    const { retry_after, global } = JSON.parse(first!.text)
    expect(global).toBe(false)
    expect(retry_after).toBeGreaterThan(0)
    expect(retry_after).toBeLessThanOrEqual(SECONDS)
    expect(Number(first!.headers['retry-after'])).toBeGreaterThanOrEqual(retry_after)
    expect(first!.headers).toMatchObject({
      'x-ratelimit-limit': String(REQUESTS),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-scope': 'user',
      'x-ratelimit-bucket': expect.any(String),
      'x-ratelimit-reset-after': expect.stringMatching(/^\d+\.\d+$/),
      'x-ratelimit-reset': expect.stringMatching(/^\d+\.\d+$/),
    })
    // Another route of the same user and the same route of another user have their own counts.
    expect((await fixture.call('GET', `/channels/${fixture.channel}`)).status).toBe(200)
    expect((await apiAs(underTest.url, fixture.strangerToken)('GET', '/users/@me')).status).toBe(
      200,
    )
    const until = Date.now() + retry_after * 1_000
    await expect
      .poll(async () => Date.now() >= until && (await typing()).status, {
        timeout: 30_000,
        interval: 100,
      })
      .toBe(204)
  })

  it('of new users from one address is answered 429', async () => {
    const createUser = () =>
      send(underTest.url, {
        method: 'POST',
        path: '/workshop/users',
        headers: { 'content-type': 'application/json' },
        body: '{"username":"x"}',
      })
    const answers = await Promise.all(Array.from({ length: REQUESTS + 20 }, createUser))
    for (const answer of answers) expectValidAnswer(answer, 'a flood of users')
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(20)
    await expect
      .poll(async () => (await createUser()).status, { timeout: 30_000, interval: 200 })
      .toBe(201)
  })

  const floods: [name: string, send: (raw: RawWebSocket) => void][] = [
    ['heartbeats', (raw) => raw.send({ op: 1, d: null })],
    ['pings', (raw) => raw.frame(9, Buffer.from('x'))],
    ['empty pings', (raw) => raw.frame(9, EMPTY)],
    ['unsolicited pongs', (raw) => raw.frame(10, Buffer.from('x'))],
    ['empty pongs', (raw) => raw.frame(10, EMPTY)],
    [
      'alternating pings and pongs',
      (raw) => [9, 10].forEach((opcode) => void raw.frame(opcode, EMPTY)),
    ],
    ['empty fragments of an endless frame', fragments(EMPTY)],
    ['one-byte fragments', fragments(Buffer.from(' '))],
  ]
  it.each(floods)(
    'of frames is closed with 4008, before and after IDENTIFY: %s',
    async (_name, send) => {
      for (const identifies of [false, true]) {
        const raw = await openRaw(underTest.gatewayUrl)
        if (identifies) {
          raw.send(identify(fixture.token))
          await raw.waitFor('"READY"')
        }
        for (let i = 0; i < 200; i++) send(raw)
        expect(await raw.closed).toBe(4_008)
      }
    },
  )

  it('of commands is closed with 4008', async () => {
    const raw = await openRaw(underTest.gatewayUrl)
    raw.send(identify(fixture.token))
    await raw.waitFor('"READY"')
    for (let i = 0; i < 200; i++)
      raw.send({ op: 8, d: { guild_id: fixture.guild, query: '', limit: 0 } })
    expect(await raw.closed, 'commands').toBe(4_008)
  })

  it('that continues after its close is no longer read, and its connection is cut', {
    timeout: 30_000,
  }, async () => {
    for (const query of ['v=10&encoding=json', 'v=1&encoding=json']) {
      const raw = await openRaw(underTest.gatewayUrl, query)
      const pongs = Buffer.concat(Array.from({ length: 5_000 }, () => writeFrame(10, EMPTY, {})))
      let cut = false
      raw.socket.on('close', () => {
        cut = true
      })
      await expect
        .poll(
          () => {
            // Frames that the stage does not read queue up here, so the test writes no more.
            if (raw.socket.writableLength < 1_000_000) raw.socket.write(pongs)
            return cut
          },
          { timeout: 20_000, interval: 5 },
        )
        .toBe(true)
      expect(await raw.closed).toBe(query.startsWith('v=10') ? 4_008 : 4_012)
    }
  })

  it('of sockets is bounded: above the limit 503, open ones stay open, and closed ones free their slots', async () => {
    await using witness = await bystander(underTest.gatewayUrl, fixture.token)
    const opened = await Promise.allSettled(
      Array.from({ length: SOCKETS + 15 }, () => openRaw(underTest.gatewayUrl)),
    )
    const open = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    // The bystander's socket counts too, and one of an earlier test may still be open.
    expect(open.length).toBeLessThan(SOCKETS)
    expect(open.length).toBeGreaterThan(SOCKETS - 8)
    const { text, closed } = await exchange(
      underTest.gatewayUrl,
      'GET /?v=10&encoding=json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    expect([statuses(text), closed]).toEqual([[503], true])
    expect(text).toMatch(/Retry-After: \d+/)
    await fixture.call('POST', `/channels/${fixture.channel}/messages`, { content: 'room for one' })
    await expect.poll(() => witness.received, { timeout: 30_000 }).toEqual(['room for one'])
    for (const { socket } of open) socket.destroy()
    await expect
      .poll(
        () =>
          openRaw(underTest.gatewayUrl).then(
            ({ socket }) => !socket.destroy().readable,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true)
  })

  it('of idle connections is bounded, and the stage serves again when they are closed', async () => {
    const { id, token } = await newUser(underTest.url) // its connection is kept alive
    const sockets: Socket[] = []
    let dropped = 0
    for (let i = 0; i < SOCKETS + SPARE + 100; i++) {
      const socket = await dial(underTest.url)
      socket.on('close', () => {
        dropped += 1
      })
      sockets.push(socket)
    }
    await expect.poll(() => dropped, { timeout: 30_000 }).toBeGreaterThanOrEqual(50)
    expect(dropped).toBeLessThan(200)
    expect((await apiAs(underTest.url, token)('GET', '/users/@me')).text).toContain(id)
    for (const socket of sockets) socket.destroy()
    await expect
      .poll(
        () =>
          exchange(
            underTest.url,
            'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
          ).then(({ text }) => statuses(text)),
        { timeout: 30_000 },
      )
      .toEqual([200])
  })
})

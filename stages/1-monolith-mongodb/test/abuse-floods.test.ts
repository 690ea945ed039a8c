import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, isProper, send } from './abuse/http.ts'
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
import { type AbusedStage, abusedStage, newUser, type World } from './abuse/world.ts'

const REQUESTS = 40
const SECONDS = 3
const SOCKETS = 30
/** What the stage keeps for REST besides. */
const SPARE = 1_000
const NOTHING = Buffer.alloc(0)

let abused: AbusedStage
let world: World

beforeAll(async () => {
  abused = await abusedStage({
    THRESHOLD_RATE_REQUESTS: String(REQUESTS),
    THRESHOLD_RATE_SECONDS: String(SECONDS),
    THRESHOLD_MAX_CONNECTIONS: String(SOCKETS),
  })
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

describe('a flood', () => {
  it('of requests is answered 429 with the time to wait, which is true, and touches nobody else', async () => {
    const typing = () => world.ask('POST', `/channels/${world.channel}/typing`)
    const answers = await Promise.all(Array.from({ length: REQUESTS * 2 }, typing))
    for (const answer of answers) isProper(answer, 'a flood')
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
    // Another route of hers, and another person's same route, are counted by themselves.
    expect((await world.ask('GET', `/channels/${world.channel}`)).status).toBe(200)
    expect((await as(abused.url, world.strangerToken)('GET', '/users/@me')).status).toBe(200)
    const until = Date.now() + retry_after * 1_000
    await expect
      .poll(async () => Date.now() >= until && (await typing()).status, {
        timeout: 30_000,
        interval: 100,
      })
      .toBe(204)
  })

  it('of new users from one address is answered 429 too', async () => {
    const make = () =>
      send(abused.url, {
        method: 'POST',
        path: '/workshop/users',
        headers: { 'content-type': 'application/json' },
        body: '{"username":"x"}',
      })
    const answers = await Promise.all(Array.from({ length: REQUESTS + 20 }, make))
    for (const answer of answers) isProper(answer, 'a flood of users')
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(20)
    await expect
      .poll(async () => (await make()).status, { timeout: 30_000, interval: 200 })
      .toBe(201)
  })

  const floods: [what: string, send: (raw: RawWebSocket) => void][] = [
    ['beats', (raw) => raw.send({ op: 1, d: null })],
    ['pings', (raw) => raw.frame(9, Buffer.from('x'))],
    ['empty pings', (raw) => raw.frame(9, NOTHING)],
    ['unsolicited pongs', (raw) => raw.frame(10, Buffer.from('x'))],
    ['empty pongs', (raw) => raw.frame(10, NOTHING)],
    [
      'pings and pongs in turn',
      (raw) => [9, 10].forEach((opcode) => void raw.frame(opcode, NOTHING)),
    ],
    ['empty fragments of a frame without end', fragments(NOTHING)],
    ['fragments of a byte', fragments(Buffer.from(' '))],
  ]
  it.each(floods)(
    'of frames closes with 4008, before IDENTIFY and after it: %s',
    async (_what, send) => {
      for (const identifies of [false, true]) {
        const raw = await openRaw(abused.url)
        if (identifies) {
          raw.send(identify(world.token))
          await raw.heard('"READY"')
        }
        for (let i = 0; i < 200; i++) send(raw)
        expect(await raw.closed).toBe(4_008)
      }
    },
  )

  it('of commands closes with 4008 too', async () => {
    const raw = await openRaw(abused.url)
    raw.send(identify(world.token))
    await raw.heard('"READY"')
    for (let i = 0; i < 200; i++)
      raw.send({ op: 8, d: { guild_id: world.guild, query: '', limit: 0 } })
    expect(await raw.closed, 'commands').toBe(4_008)
  })

  it('that goes on after its close is not read, and is cut', { timeout: 30_000 }, async () => {
    for (const query of ['v=10&encoding=json', 'v=1&encoding=json']) {
      const raw = await openRaw(abused.url, query)
      const pongs = Buffer.concat(Array.from({ length: 5_000 }, () => writeFrame(10, NOTHING, {})))
      let cut = false
      raw.socket.on('close', () => {
        cut = true
      })
      await expect
        .poll(
          () => {
            // Frames that the stage does not read wait here, so the test writes no more on top of
            // them.
            if (raw.socket.writableLength < 1_000_000) raw.socket.write(pongs)
            return cut
          },
          { timeout: 20_000, interval: 5 },
        )
        .toBe(true)
      expect(await raw.closed).toBe(query.startsWith('v=10') ? 4_008 : 4_012)
    }
  })

  it('of sockets is bounded: 503 beyond the limit, those that are open live on, and room is given back', async () => {
    await using witness = await bystander(abused.url, world.token)
    const opened = await Promise.allSettled(
      Array.from({ length: SOCKETS + 15 }, () => openRaw(abused.url)),
    )
    const open = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    // The bystander's is one of them; a socket of an earlier test may not be gone yet.
    expect(open.length).toBeLessThan(SOCKETS)
    expect(open.length).toBeGreaterThan(SOCKETS - 8)
    const { text, closed } = await exchange(
      abused.url,
      'GET /?v=10&encoding=json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    expect([statuses(text), closed]).toEqual([[503], true])
    expect(text).toMatch(/Retry-After: \d+/)
    await world.ask('POST', `/channels/${world.channel}/messages`, { content: 'room for one' })
    await expect.poll(() => witness.heard, { timeout: 30_000 }).toEqual(['room for one'])
    for (const { socket } of open) socket.destroy()
    await expect
      .poll(
        () =>
          openRaw(abused.url).then(
            ({ socket }) => !socket.destroy().readable,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true)
  })

  it('of bare connections is bounded too, and ends with them', async () => {
    const { id, token } = await newUser(abused.url) // over a connection that is kept
    const sockets: Socket[] = []
    let dropped = 0
    for (let i = 0; i < SOCKETS + SPARE + 100; i++) {
      const socket = await dial(abused.url)
      socket.on('close', () => {
        dropped += 1
      })
      sockets.push(socket)
    }
    await expect.poll(() => dropped, { timeout: 30_000 }).toBeGreaterThanOrEqual(50)
    expect(dropped).toBeLessThan(200)
    expect((await as(abused.url, token)('GET', '/users/@me')).text).toContain(id)
    for (const socket of sockets) socket.destroy()
    await expect
      .poll(
        () =>
          exchange(
            abused.url,
            'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
          ).then(({ text }) => statuses(text)),
        { timeout: 30_000 },
      )
      .toEqual([200])
  })
})

import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, newUser, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { apiAs, residentMemory } from './abuse/http.ts'
import { dial, statuses } from './abuse/raw.ts'

let underTest: StageUnderTest
let fixture: Fixture
beforeAll(async () => {
  underTest = await startStageUnderTest()
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

const LARGE = 250_000

interface OpenRequest {
  readonly socket: Socket
  text: string
  closed: boolean
}

/** Starts a request and sends a part of its body. The rest never comes. */
async function startRequest(
  path: string,
  headers: Record<string, string>,
  bytes: number,
): Promise<OpenRequest> {
  const socket = await dial(underTest.url)
  const held: OpenRequest = { socket, text: '', closed: false }
  socket.on('data', (chunk: Buffer) => {
    held.text += chunk.toString('latin1')
  })
  socket.on('close', () => {
    held.closed = true
  })
  const all = { host: new URL(underTest.url).host, 'content-type': 'application/json', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.write(`${[`POST ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
  if (bytes > 0)
    socket.write(
      headers['transfer-encoding'] ? `ffffff\r\n${' '.repeat(bytes)}` : ' '.repeat(bytes),
    )
  return held
}
const length = { 'content-length': String(LARGE) }
const send = (): string => `/api/v10/channels/${fixture.channel}/messages`
const answers = (held: readonly OpenRequest[]): number[] =>
  held.flatMap(({ text }) => statuses(text))

describe('a body that never arrives in full', () => {
  it('is answered 401 without being read if the token is missing or wrong, and its connection is closed', {
    timeout: 60_000,
  }, async () => {
    const before = await residentMemory(underTest.url)
    const cases: Record<string, string>[] = [
      length,
      { ...length, authorization: 'Bot nonsense' },
      { 'transfer-encoding': 'chunked' },
      { ...length, expect: '100-continue' },
    ]
    const held: OpenRequest[] = []
    for (let i = 0; i < 400; i++)
      held.push(await startRequest(send(), cases[i % cases.length]!, i % 2 === 0 ? LARGE - 1 : 0))
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBe(held.length)
    expect(new Set(answers(held))).toEqual(new Set([401])) // and no 100 Continue
    await expect.poll(() => held.every(({ closed }) => closed), { timeout: 20_000 }).toBe(true)
    expect((await residentMemory(underTest.url)) - before).toBeLessThan(60_000_000)
  })

  it('is read only for a short time after its answer; then the connection is cut', {
    timeout: 60_000,
  }, async () => {
    const held = await startRequest(send(), { 'transfer-encoding': 'chunked' }, 0)
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    await expect
      .poll(
        () => {
          if (held.socket.writableLength < 1_000_000) held.socket.write(chunk)
          return held.closed
        },
        { timeout: 20_000, interval: 5 },
      )
      .toBe(true)
    expect(statuses(held.text)).toEqual([401])
    expect(held.socket.bytesWritten).toBeLessThan(40_000_000)
  })

  it('that arrives soon after its answer keeps its connection open', async () => {
    const held = await startRequest(send(), { 'content-length': '20' }, 0)
    await expect.poll(() => answers([held])).toEqual([401])
    held.socket.write(`${' '.repeat(20)}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(() => answers([held])).toEqual([401, 200])
    held.socket.destroy()
  })

  it('of some megabytes keeps its connection open, since a client may use that again', async () => {
    const half = 2_000_000
    const held = await startRequest(send(), { 'content-length': String(2 * half) }, half)
    await expect.poll(() => answers([held])).toEqual([401])
    await delay(300) // long enough to see that the connection stays
    held.socket.write(`${' '.repeat(half)}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(() => answers([held]), { timeout: 10_000 }).toEqual([401, 200])
    held.socket.destroy()
  })

  it('that turns out malformed after its answer gets no second answer', async () => {
    const held = await startRequest(send(), { 'transfer-encoding': 'chunked' }, 0)
    await expect.poll(() => answers([held])).toEqual([401])
    held.socket.write('zz\r\n')
    await expect.poll(() => held.closed, { timeout: 30_000 }).toBe(true)
    expect(answers([held])).toEqual([401])
  })

  it('counts towards a limit of its sender, above which only that sender is answered 503', {
    timeout: 60_000,
  }, async () => {
    const headers = { ...length, authorization: `Bot ${fixture.token}` }
    const held: OpenRequest[] = []
    for (let i = 0; i < 30; i++) held.push(await startRequest(send(), headers, 1_000))
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(10)
    expect(new Set(answers(held))).toEqual(new Set([503]))
    const other = await newUser(underTest.url)
    const dm = await apiAs(underTest.url, other.token)('POST', '/users/@me/channels', {
      recipient_id: fixture.user,
    })
    expect(dm.status, dm.text).toBe(200)
    for (const { socket } of held) socket.destroy()
    const sent = () =>
      fixture.call('POST', `/channels/${fixture.channel}/messages`, { content: 'x'.repeat(1_000) })
    await expect.poll(async () => (await sent()).status, { timeout: 30_000 }).toBe(200)
  })

  it('counts towards a limit of its address if the route needs no token', {
    timeout: 60_000,
  }, async () => {
    const held: OpenRequest[] = []
    for (let i = 0; i < 30; i++)
      held.push(
        await startRequest(
          '/workshop/users',
          i % 2 ? length : { 'transfer-encoding': 'chunked' },
          1_000,
        ),
      )
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(10)
    expect(new Set(answers(held))).toEqual(new Set([503]))
    for (const { socket } of held) socket.destroy()
    await expect
      .poll(async () => await newUser(underTest.url), { timeout: 30_000 })
      .toMatchObject({ id: expect.any(String) })
  })
})

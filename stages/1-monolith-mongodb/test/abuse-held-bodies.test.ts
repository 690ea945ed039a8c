import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, memory } from './abuse/http.ts'
import { dial, statuses } from './abuse/raw.ts'
import { type AbusedStage, abusedStage, newUser, type World } from './abuse/world.ts'

let abused: AbusedStage
let world: World
beforeAll(async () => {
  abused = await abusedStage()
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

const LARGE = 250_000

interface Held {
  readonly socket: Socket
  text: string
  closed: boolean
}

/** Begins a request, sends some of its body, and leaves the rest for ever. */
async function hold(path: string, headers: Record<string, string>, bytes: number): Promise<Held> {
  const socket = await dial(abused.url)
  const held: Held = { socket, text: '', closed: false }
  socket.on('data', (chunk: Buffer) => {
    held.text += chunk.toString('latin1')
  })
  socket.on('close', () => {
    held.closed = true
  })
  const all = { host: new URL(abused.url).host, 'content-type': 'application/json', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.write(`${[`POST ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
  if (bytes > 0)
    socket.write(
      headers['transfer-encoding'] ? `ffffff\r\n${' '.repeat(bytes)}` : ' '.repeat(bytes),
    )
  return held
}
const length = { 'content-length': String(LARGE) }
const send = (): string => `/api/v10/channels/${world.channel}/messages`
const answers = (held: readonly Held[]): number[] => held.flatMap(({ text }) => statuses(text))

describe('a body that is held open', () => {
  it('is answered 401 before it comes where the token is missing or wrong, and its connection ends', {
    timeout: 60_000,
  }, async () => {
    const before = await memory(abused.url)
    const cases: Record<string, string>[] = [
      length,
      { ...length, authorization: 'Bot nonsense' },
      { 'transfer-encoding': 'chunked' },
      { ...length, expect: '100-continue' },
    ]
    const held: Held[] = []
    for (let i = 0; i < 400; i++)
      held.push(await hold(send(), cases[i % cases.length]!, i % 2 === 0 ? LARGE - 1 : 0))
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBe(held.length)
    expect(new Set(answers(held))).toEqual(new Set([401])) // and no 100 that would ask for the body
    await expect.poll(() => held.every(({ closed }) => closed), { timeout: 20_000 }).toBe(true)
    expect((await memory(abused.url)) - before).toBeLessThan(60_000_000)
  })

  it('is not read without end after its answer: who sends on is cut off', {
    timeout: 60_000,
  }, async () => {
    const held = await hold(send(), { 'transfer-encoding': 'chunked' }, 0)
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
    expect(held.socket.bytesWritten).toBeLessThan(20_000_000)
  })

  it('that comes late, but soon, leaves its connection as it was', async () => {
    const held = await hold(send(), { 'content-length': '20' }, 0)
    await expect.poll(() => answers([held])).toEqual([401])
    held.socket.write(`${' '.repeat(20)}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(() => answers([held])).toEqual([401, 200])
    held.socket.destroy()
  })

  it('that turns out malformed after its answer is not answered again', async () => {
    const held = await hold(send(), { 'transfer-encoding': 'chunked' }, 0)
    await expect.poll(() => answers([held])).toEqual([401])
    held.socket.write('zz\r\n')
    await expect.poll(() => held.closed, { timeout: 30_000 }).toBe(true)
    expect(answers([held])).toEqual([401])
  })

  it('counts against a bound of its sender, beyond which the sender is told to come again, and nobody else', {
    timeout: 60_000,
  }, async () => {
    const headers = { ...length, authorization: `Bot ${world.token}` }
    const held: Held[] = []
    for (let i = 0; i < 30; i++) held.push(await hold(send(), headers, 1_000))
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(10)
    expect(new Set(answers(held))).toEqual(new Set([503]))
    const strangers = await newUser(abused.url)
    const dm = await as(abused.url, strangers.token)('POST', '/users/@me/channels', {
      recipient_id: world.user,
    })
    expect(dm.status, dm.text).toBe(200)
    for (const { socket } of held) socket.destroy()
    const sent = () =>
      world.ask('POST', `/channels/${world.channel}/messages`, { content: 'x'.repeat(1_000) })
    await expect.poll(async () => (await sent()).status, { timeout: 30_000 }).toBe(200)
  })

  it('counts against one of its address where a route asks for no token', {
    timeout: 60_000,
  }, async () => {
    const held: Held[] = []
    for (let i = 0; i < 30; i++)
      held.push(
        await hold('/workshop/users', i % 2 ? length : { 'transfer-encoding': 'chunked' }, 1_000),
      )
    await expect.poll(() => answers(held).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(10)
    expect(new Set(answers(held))).toEqual(new Set([503]))
    for (const { socket } of held) socket.destroy()
    await expect
      .poll(async () => await newUser(abused.url), { timeout: 30_000 })
      .toMatchObject({ id: expect.any(String) })
  })
})

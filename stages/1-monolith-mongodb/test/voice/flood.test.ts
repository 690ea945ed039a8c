import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from '../abuse/fixture.ts'
import { dial, exchange, fragments, openRaw, type RawWebSocket, statuses } from '../abuse/raw.ts'
import { identify } from '../abuse/session.ts'

const SOCKETS = 30
const NOTHING = Buffer.alloc(0)

let underTest: StageUnderTest
let fixture: Fixture
beforeAll(async () => {
  underTest = await startStageUnderTest({ THRESHOLD_MAX_CONNECTIONS: String(SOCKETS) })
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

/** The address of the stage's voice server, from VOICE_SERVER_UPDATE. */
async function voiceUrl(): Promise<string> {
  const raw = await openRaw(underTest.gatewayUrl)
  raw.send(identify(fixture.token))
  await raw.waitFor('"GUILD_CREATE"')
  raw.send({
    op: 4,
    d: { guild_id: fixture.guild, channel_id: fixture.voice, self_mute: false, self_deaf: false },
  })
  await raw.waitFor('"VOICE_SERVER_UPDATE"')
  raw.socket.destroy()
  const { endpoint } = JSON.parse(
    raw.received.find((frame) => frame.includes('"VOICE_SERVER_UPDATE"'))!,
  ).d
  return `http://${endpoint}`
}

describe('a flood of frames on the voice socket', () => {
  const floods: [name: string, send: (raw: RawWebSocket) => void][] = [
    ['pings', (raw) => raw.frame(9, NOTHING)],
    ['unsolicited pongs', (raw) => raw.frame(10, NOTHING)],
    ['endless fragments', fragments(NOTHING)],
  ]
  it.each(floods)('is closed with 4021: %s', async (_name, send) => {
    const raw = await openRaw(await voiceUrl(), 'v=8')
    for (let i = 0; i < 400; i++) send(raw)
    expect(await raw.closed).toBe(4_021)
  })
})

describe('a flood of connections to the voice port', () => {
  it('is refused beyond the limit, times out without a request, and does not affect REST', {
    timeout: 60_000,
  }, async () => {
    const url = await voiceUrl()
    const sockets: Socket[] = []
    let closed = 0
    for (let i = 0; i < SOCKETS + 50; i++) {
      const socket = await dial(url)
      socket.resume() // so that its end is read
      socket.on('close', () => {
        closed += 1
      })
      sockets.push(socket)
    }
    await expect.poll(() => closed, { timeout: 30_000 }).toBeGreaterThanOrEqual(50)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fixture.call('GET', `/channels/${fixture.channel}`)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    // The server closes the others, since no request arrives within five seconds.
    await expect.poll(() => closed, { timeout: 20_000 }).toBe(sockets.length)
    const { text } = await exchange(url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(statuses(text)).toEqual([426])
  })
})

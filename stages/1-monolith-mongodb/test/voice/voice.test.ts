import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { VoiceOpcodes } from '../../src/voice/index.ts'
import { voiceClient } from './client.ts'
import {
  ADA,
  ALAN,
  adasToken,
  admit,
  CHANNEL,
  closeAll,
  dataOf,
  eventually,
  forgetClosed,
  GRACE,
  GUILD,
  identify,
  identifyWith,
  join,
  rawSocket,
  start,
  validIdentify,
  voice,
  withVoice,
} from './fixture.ts'

withVoice()

describe('a voice socket', () => {
  it.each([4, 5, 6, 7, 8])('serves version %i, with its heartbeats', async (version) => {
    await closeAll()
    // The server closes a client after two intervals without a heartbeat. A busy machine may delay
    // the client for about that long, so the interval must not be too short.
    await start(400)
    const ada = await join(ADA, CHANNEL, { version })
    await eventually(() =>
      expect(dataOf(ada, VoiceOpcodes.HeartbeatAck).slice(0, 2)).toEqual(
        version === 8 ? [{ t: 1 }, { t: 2 }] : [1, 2],
      ),
    )
    const numbers = ada.frames.flatMap((frame) => frame.seq ?? [])
    expect(numbers).toEqual(version === 8 ? [1] : [])
  })

  it('answers a heartbeat before Identify', async () => {
    const socket = await rawSocket([JSON.stringify({ op: 3, d: 1_501_184_119_561 })])
    await eventually(() => expect(socket.frames).toContainEqual({ op: 6, d: 1_501_184_119_561 }))
  })

  type Frames = (string | Buffer)[]
  const invalid: [name: string, code: number, frames: () => Frames | Promise<Frames>][] = [
    ['a token that was never issued', 4004, () => identifyWith({ token: 'guess' })],
    ['an empty token', 4004, () => identifyWith({ token: '' })],
    [
      "another user's token",
      4004,
      async () => [identify({ user_id: GRACE, token: await adasToken() })],
    ],
    ['a guild without a call', 4011, () => [identify({})]],
    [
      "another session's id",
      4006,
      async () => [identify({ token: await adasToken(), session_id: 'other' })],
    ],
    [
      'Resume',
      4006,
      () => [
        JSON.stringify({
          op: 7,
          d: { server_id: GUILD, session_id: 'session-3001', token: 'x', seq_ack: 1 },
        }),
      ],
    ],
    ['a second Identify', 4005, async () => [await validIdentify(), identify({})]],
    ['Speaking before Identify', 4003, () => [JSON.stringify({ op: 5, d: { speaking: 1 } })]],
    ['Select Protocol before Identify', 4003, () => [JSON.stringify({ op: 1, d: {} })]],
    ['an unknown opcode', 4001, () => [JSON.stringify({ op: 99, d: {} })]],
    ['invalid JSON', 4002, () => ['{']],
    ['JSON that is not a frame', 4002, () => ['[1]']],
    ['a MongoDB operator as an id', 4002, () => [identify({ server_id: { $gt: '' } })]],
    ['an Identify without a body', 4002, () => [JSON.stringify({ op: 0 })]],
    [
      'JSON nested a thousand deep',
      4002,
      () => [`{"op":0,"d":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
    ],
    ['a binary frame', 4002, () => [Buffer.from([0, 1, 2])]],
    ['a frame that is too long', 1009, () => [' '.repeat(16_385)]],
    [
      'a flood of frames',
      4021,
      () => Array.from({ length: 121 }, () => JSON.stringify({ op: 3, d: 1 })),
    ],
  ]
  it.each(invalid)(
    'closes on %s with %i, and goes on serving the others',
    async (_name, code, frames) => {
      expect(await (await rawSocket(await frames())).code).toBe(code)
      const [grace, alan] = [await join(GRACE), await join(ALAN)]
      await grace.sendPacket(Buffer.from('fine'))
      await eventually(() => expect(alan.received).toEqual(['fine']))
    },
  )

  it.each([
    [
      'a protocol that is not UDP',
      4012,
      {
        protocol: 'webrtc',
        data: { address: '127.0.0.1', port: 1, mode: 'aead_aes256_gcm_rtpsize' },
      },
    ],
    [
      'an unknown encryption mode',
      4016,
      { protocol: 'udp', data: { address: '127.0.0.1', port: 1, mode: 'xsalsa20_poly1305' } },
    ],
    ['an incomplete form', 4002, { protocol: 'udp' }],
  ])('refuses %s with %i', async (_name, code, d) => {
    const socket = await rawSocket([await validIdentify()])
    await eventually(() =>
      expect(socket.frames.map((frame) => frame.op)).toContain(VoiceOpcodes.Ready),
    )
    socket.socket.send(JSON.stringify({ op: 1, d }))
    expect(await socket.code).toBe(code)
  })

  it('answers pings, and closes on a flood of them', async () => {
    const { socket, code } = await rawSocket([])
    socket.ping('x')
    expect(String((await once(socket, 'pong'))[0])).toBe('x')
    for (let i = 0; i < 150; i++) socket.ping()
    expect(await code).toBe(4021)
  })

  it('accepts a token once', async () => {
    const token = await adasToken()
    const first = await rawSocket([identify({ token })])
    await eventually(() =>
      expect(first.frames.map((frame) => frame.op)).toContain(VoiceOpcodes.Ready),
    )
    expect(await (await rawSocket([identify({ token })])).code).toBe(4004)
  })

  it('refuses an unsupported version', async () => {
    expect(await (await rawSocket([], '?v=3')).code).toBe(4020)
    expect(await (await rawSocket([], '?v=latest')).code).toBe(4020)
  })

  it('reads ids that are numbers beyond 2^53', async () => {
    const guildId = '175928847299117063'
    const { token } = await admit({ guildId, userId: '80351110224678912' })
    const socket = await rawSocket([
      `{"op":0,"d":{"server_id":${guildId},"user_id":80351110224678912,"session_id":"s","token":"${token}"}}`,
    ])
    await eventually(() =>
      expect(socket.frames.map((frame) => frame.op)).toContain(VoiceOpcodes.Ready),
    )
  })

  it('closes a client that sends nothing, before and after Identify', async () => {
    await closeAll()
    await start(50)
    const [quiet, silent] = [await rawSocket([]), await rawSocket([await validIdentify()])]
    expect([await quiet.code, await silent.code]).toEqual([4009, 4009])
  })

  it('closes a client that sends heartbeats and never identifies', async () => {
    await closeAll()
    await start(50)
    const socket = await rawSocket([])
    const beat = setInterval(() => socket.socket.send(JSON.stringify({ op: 3, d: 1 })), 20)
    expect(await socket.code).toBe(4009)
    clearInterval(beat)
  })
})

describe('the voice server', () => {
  it('answers plain HTTP with a hint', async () => {
    const response = await fetch(`http://${voice.endpoint}/`)
    expect(response.status).toBe(426)
  })

  it('closes its sockets with 1001 and frees its port, also if a client never answers', async () => {
    const ada = await join(ADA)
    const unresponsive = await rawSocket([])
    unresponsive.socket.pause() // so that it never reads the close frame
    const [host, port] = voice.endpoint.split(':') as [string, string]
    const idle = connect(Number(port), host)
    idle.on('error', () => {})
    await once(idle, 'connect')
    await voice[Symbol.asyncDispose]()
    expect((await ada.closed).code).toBe(1001)
    await expect(fetch(`http://${voice.endpoint}/`)).rejects.toThrow()
    forgetClosed(voice)
    idle.destroy()
  })

  it('reports the close code to a refused client, which leaves nothing open', async () => {
    const before = process.getActiveResourcesInfo().length
    await adasToken()
    const refused = voiceClient({
      endpoint: voice.endpoint,
      token: 'guess',
      guildId: GUILD,
      userId: ADA,
      sessionId: 'session-3001',
    })
    await expect(refused).rejects.toMatchObject({
      code: 'VOICE_CLOSED',
      message: expect.stringContaining('4004'),
    })
    await eventually(() =>
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before),
    )
  })
})

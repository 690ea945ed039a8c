import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { openRaw, type RawWebSocket } from './abuse/raw.ts'
import { bystander, identify } from './abuse/session.ts'

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  underTest = await startStageUnderTest()
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

const text = (value: string): Buffer => Buffer.from(value)
const json = (value: unknown): Buffer => text(JSON.stringify(value))

async function identified(): Promise<RawWebSocket> {
  const raw = await openRaw(underTest.gatewayUrl)
  raw.send(identify(fixture.token))
  await raw.waitFor('"READY"')
  return raw
}

/** Sockets that are open concurrently. */
const CONCURRENCY = 16

/** The close codes of the contract and of the WebSocket protocol. */
const CLOSE_CODES = [
  4_001, 4_002, 4_003, 4_004, 4_005, 4_007, 4_008, 4_010, 4_013, 1_002, 1_007, 1_009,
]

describe('an invalid gateway frame', () => {
  const beforeIdentify: [name: string, frame: Buffer, code: number][] = [
    ['not JSON', text('hello'), 4_002],
    ['empty', text(''), 4_002],
    ['not an object', text('[1]'), 4_002],
    ['null', text('null'), 4_002],
    ['no opcode', text('{}'), 4_002],
    ['an opcode of another type', text('{"op":"2"}'), 4_002],
    ['an operator for an opcode', text('{"op":{"$gt":0}}'), 4_002],
    ['an unknown opcode', text('{"op":99}'), 4_001],
    ["the server's opcode", text('{"op":10,"d":{}}'), 4_001],
    ['more than 4,096 bytes', json({ op: 1, d: 'x'.repeat(5_000) }), 4_002],
    ['more than the stage reads', json({ op: 1, d: 'x'.repeat(70_000) }), 1_009],
    ['unclosed nesting', text(`{"op":1,"d":${'['.repeat(2_000)}`), 4_002],
    ['deep nesting', text(`{"op":1,"d":${'['.repeat(1_000)}${']'.repeat(1_000)}}`), 4_002],
    ['an identify without data', text('{"op":2}'), 4_002],
    [
      'an identify of wrong types',
      json({ op: 2, d: { token: 1, intents: 'all', properties: 5 } }),
      4_002,
    ],
    [
      'a command before identify',
      json({ op: 8, d: { guild_id: '1', query: '', limit: 0 } }),
      4_003,
    ],
    ['a prototype as payload', text('{"op":2,"d":{"__proto__":{"token":"x","intents":0}}}'), 4_002],
  ]
  it.each(beforeIdentify)('closes the socket with its code: %s', async (_name, frame, code) => {
    const raw = await openRaw(underTest.gatewayUrl)
    raw.frame(1, frame)
    expect(await raw.closed).toBe(code)
  })

  it('closes the socket with a code of the WebSocket protocol if it violates that protocol', async () => {
    const invalid: [name: string, send: (raw: RawWebSocket) => void, code: number][] = [
      ['text that is not UTF-8', (raw) => raw.frame(1, Buffer.from([0xff, 0xfe, 0xfd])), 1_007],
      ['no mask', (raw) => raw.frame(1, text('{"op":1,"d":null}'), { masked: false }), 1_002],
      ['an undefined opcode', (raw) => raw.frame(11, text('x')), 1_002],
      ['a ping of more than 125 bytes', (raw) => raw.frame(9, Buffer.alloc(126)), 1_002],
      ['a fragmented ping', (raw) => raw.frame(9, text('x'), { fin: false }), 1_002],
      ['a continuation without a start', (raw) => raw.frame(0, text('x')), 1_002],
      [
        'a declared length of 2^40 bytes',
        (raw) => raw.frame(1, text('x'), { declaredLength: 2 ** 40 }),
        1_009,
      ],
      [
        'endless fragments',
        (raw) => {
          raw.frame(1, Buffer.alloc(30_000, 'x'), { fin: false })
          for (let i = 0; i < 4; i++) raw.frame(0, Buffer.alloc(30_000, 'x'), { fin: false })
        },
        1_009,
      ],
    ]
    for (const [name, send, code] of invalid) {
      const raw = await openRaw(underTest.gatewayUrl)
      send(raw)
      expect(await raw.closed, name).toBe(code)
    }
  })

  it('is read as JSON if it is binary, as some clients send it', async () => {
    const raw = await openRaw(underTest.gatewayUrl)
    raw.frame(2, json({ op: 1, d: null }))
    await raw.waitFor('"op":11')
    raw.frame(2, Buffer.from([0x83, 0x61]))
    expect(await raw.closed).toBe(4_002)
  })

  it('closes a session that was valid until then, and no other session', async () => {
    await using witness = await bystander(underTest.gatewayUrl, fixture.token)
    const afterIdentify: [name: string, frame: Buffer, code: number][] = [
      ['a second identify', json(identify(fixture.token)), 4_005],
      ['a presence of wrong types', json({ op: 3, d: { status: 5 } }), 4_002],
      [
        'a presence with an operator',
        json({ op: 3, d: { status: { $ne: 'x' }, activities: [], since: null, afk: false } }),
        4_002,
      ],
      [
        'a voice state without a guild id',
        json({ op: 4, d: { guild_id: {}, channel_id: 1 } }),
        4_002,
      ],
      [
        'a member request with an operator',
        json({ op: 8, d: { guild_id: { $gt: '' }, query: '', limit: 0 } }),
        4_002,
      ],
      [
        'a member request for too many users',
        json({
          op: 8,
          d: { guild_id: fixture.guild, user_ids: Array.from({ length: 101 }, (_, i) => `${i}`) },
        }),
        4_002,
      ],
    ]
    for (const [name, frame, code] of afterIdentify) {
      const raw = await identified()
      raw.frame(1, frame)
      expect(await raw.closed, name).toBe(code)
    }
    await fixture.call('POST', `/channels/${fixture.channel}/messages`, { content: 'all well?' })
    await expect.poll(() => witness.received, { timeout: 30_000 }).toEqual(['all well?'])
  })

  it('is answered, or closes the socket with a documented code', {
    timeout: 120_000,
  }, async () => {
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(
        { $gt: '' },
        '\ud800',
        '__proto__',
        2 ** 60,
        -1,
        fixture.token,
        fixture.guild,
        [],
        null,
      ),
    )
    const fields = [
      'token',
      'intents',
      'properties',
      'shard',
      'presence',
      'status',
      'activities',
      'since',
      'afk',
      'guild_id',
      'channel_id',
    ]
    const otherFields = [
      'query',
      'limit',
      'user_ids',
      'nonce',
      'session_id',
      'seq',
      'compress',
      'large_threshold',
      'self_mute',
    ]
    const frames = fc.record({
      op: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(1, 2, 3, 4, 6, 8) },
        { weight: 1, arbitrary: values },
      ),
      d: fc.oneof(
        { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...fields, ...otherFields), values) },
        { weight: 1, arbitrary: values },
      ),
    })
    const codes = new Set<number>()
    const drawn = fc.sample(frames, { seed: 7, numRuns: 160 })
    for (let at = 0; at < drawn.length; at += CONCURRENCY)
      await Promise.all(
        drawn.slice(at, at + CONCURRENCY).map(async (frame, index) => {
          const raw = index % 2 === 0 ? await openRaw(underTest.gatewayUrl) : await identified()
          raw.send(frame)
          raw.send({ op: 1, d: null })
          const code = await Promise.race([raw.closed, raw.waitFor('"op":11').then(() => 0)])
          if (code !== 0) expect(CLOSE_CODES, JSON.stringify(frame)).toContain(code)
          codes.add(code ?? -1)
          raw.socket.destroy()
        }),
      )
    expect(codes.size).toBeGreaterThan(3)
    expect(underTest.stage.exitReason()).toBeUndefined()
  })
})

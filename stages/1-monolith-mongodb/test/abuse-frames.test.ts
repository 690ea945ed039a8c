import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRaw, type RawWebSocket } from './abuse/raw.ts'
import { bystander, identify } from './abuse/session.ts'
import { type AbusedStage, abusedStage, type World } from './abuse/world.ts'

let abused: AbusedStage
let world: World

beforeAll(async () => {
  abused = await abusedStage()
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

const text = (value: string): Buffer => Buffer.from(value)
const json = (value: unknown): Buffer => text(JSON.stringify(value))

async function identified(): Promise<RawWebSocket> {
  const raw = await openRaw(abused.url)
  raw.send(identify(world.token))
  await raw.heard('"READY"')
  return raw
}

/** Sockets at once. */
const AT_ONCE = 16

/** What a client may be closed with, by the contract and by the WebSocket protocol. */
const CLOSE_CODES = [
  4_001, 4_002, 4_003, 4_004, 4_005, 4_007, 4_008, 4_010, 4_013, 1_002, 1_007, 1_009,
]

describe('a gateway frame that is not what was asked for', () => {
  const before: [what: string, frame: Buffer, code: number][] = [
    ['no JSON', text('hello'), 4_002],
    ['nothing', text(''), 4_002],
    ['no object', text('[1]'), 4_002],
    ['null', text('null'), 4_002],
    ['no opcode', text('{}'), 4_002],
    ['an opcode of another type', text('{"op":"2"}'), 4_002],
    ['an operator for an opcode', text('{"op":{"$gt":0}}'), 4_002],
    ['an opcode nobody knows', text('{"op":99}'), 4_001],
    ["the server's opcode", text('{"op":10,"d":{}}'), 4_001],
    ['more than 4,096 bytes', json({ op: 1, d: 'x'.repeat(5_000) }), 4_002],
    ['more than is read at all', json({ op: 1, d: 'x'.repeat(70_000) }), 1_009],
    ['nesting without end', text(`{"op":1,"d":${'['.repeat(2_000)}`), 4_002],
    ['nesting that ends', text(`{"op":1,"d":${'['.repeat(1_000)}${']'.repeat(1_000)}}`), 4_002],
    ['an identify without anything', text('{"op":2}'), 4_002],
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
    [
      'a prototype for a payload',
      text('{"op":2,"d":{"__proto__":{"token":"x","intents":0}}}'),
      4_002,
    ],
  ]
  it.each(before)('closes with its own code: %s', async (_what, frame, code) => {
    const raw = await openRaw(abused.url)
    raw.frame(1, frame)
    expect(await raw.closed).toBe(code)
  })

  it('closes with the code of the WebSocket protocol when it is no frame of it', async () => {
    const wrong: [what: string, send: (raw: RawWebSocket) => void, code: number][] = [
      ['text that is no UTF-8', (raw) => raw.frame(1, Buffer.from([0xff, 0xfe, 0xfd])), 1_007],
      ['no mask', (raw) => raw.frame(1, text('{"op":1,"d":null}'), { masked: false }), 1_002],
      ['an opcode of no meaning', (raw) => raw.frame(11, text('x')), 1_002],
      ['a ping of more than 125 bytes', (raw) => raw.frame(9, Buffer.alloc(126)), 1_002],
      ['a ping in pieces', (raw) => raw.frame(9, text('x'), { fin: false }), 1_002],
      ['a rest without a beginning', (raw) => raw.frame(0, text('x')), 1_002],
      [
        'a frame that says it is 2^40 bytes long',
        (raw) => raw.frame(1, text('x'), { claims: 2 ** 40 }),
        1_009,
      ],
      [
        'pieces without end',
        (raw) => {
          raw.frame(1, Buffer.alloc(30_000, 'x'), { fin: false })
          for (let i = 0; i < 4; i++) raw.frame(0, Buffer.alloc(30_000, 'x'), { fin: false })
        },
        1_009,
      ],
    ]
    for (const [what, send, code] of wrong) {
      const raw = await openRaw(abused.url)
      send(raw)
      expect(await raw.closed, what).toBe(code)
    }
  })

  it('is read as JSON when it comes as bytes, as some clients send it', async () => {
    const raw = await openRaw(abused.url)
    raw.frame(2, json({ op: 1, d: null }))
    await raw.heard('"op":11')
    raw.frame(2, Buffer.from([0x83, 0x61]))
    expect(await raw.closed).toBe(4_002)
  })

  it('closes a session that was fine until then, and no other', async () => {
    await using witness = await bystander(abused.url, world.token)
    const after: [what: string, frame: Buffer, code: number][] = [
      ['a second identify', json(identify(world.token)), 4_005],
      ['a presence of wrong types', json({ op: 3, d: { status: 5 } }), 4_002],
      [
        'a presence with an operator',
        json({ op: 3, d: { status: { $ne: 'x' }, activities: [], since: null, afk: false } }),
        4_002,
      ],
      ['a voice state of nobody', json({ op: 4, d: { guild_id: {}, channel_id: 1 } }), 4_002],
      [
        'members of an operator',
        json({ op: 8, d: { guild_id: { $gt: '' }, query: '', limit: 0 } }),
        4_002,
      ],
      [
        'members of too many',
        json({
          op: 8,
          d: { guild_id: world.guild, user_ids: Array.from({ length: 101 }, (_, i) => `${i}`) },
        }),
        4_002,
      ],
    ]
    for (const [what, frame, code] of after) {
      const raw = await identified()
      raw.frame(1, frame)
      expect(await raw.closed, what).toBe(code)
    }
    await world.ask('POST', `/channels/${world.channel}/messages`, { content: 'all well?' })
    await expect.poll(() => witness.heard, { timeout: 30_000 }).toEqual(['all well?'])
  })

  it('is answered or closed by a documented code, whatever it is', {
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
        world.token,
        world.guild,
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
    const more = [
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
        { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...fields, ...more), values) },
        { weight: 1, arbitrary: values },
      ),
    })
    const codes = new Set<number>()
    const drawn = fc.sample(frames, { seed: 7, numRuns: 160 })
    for (let at = 0; at < drawn.length; at += AT_ONCE)
      await Promise.all(
        drawn.slice(at, at + AT_ONCE).map(async (frame, index) => {
          const raw = index % 2 === 0 ? await openRaw(abused.url) : await identified()
          raw.send(frame)
          raw.send({ op: 1, d: null })
          const code = await Promise.race([raw.closed, raw.heard('"op":11').then(() => 0)])
          if (code !== 0) expect(CLOSE_CODES, JSON.stringify(frame)).toContain(code)
          codes.add(code ?? -1)
          raw.socket.destroy()
        }),
      )
    expect(codes.size).toBeGreaterThan(3)
    expect(abused.stage.exitReason()).toBeUndefined()
  })
})

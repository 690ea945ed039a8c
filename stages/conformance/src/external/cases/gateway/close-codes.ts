import { CloseCode, Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import type { Socket } from '../../socket.ts'

const {
  UnknownOpcode,
  DecodeError,
  NotAuthenticated,
  AuthenticationFailed,
  AlreadyAuthenticated,
  InvalidShard,
  InvalidIntents,
} = CloseCode

/** Sends each frame on a new socket, identified or not, and expects a close with this code. */
async function expectClose(
  fixture: Fixture,
  code: number,
  frames: readonly (string | Uint8Array | object)[],
  identified = true,
): Promise<void> {
  const ada = await fixture.user()
  for (const frame of frames) {
    const socket = identified ? await ada.connect() : await openAfterHello(fixture)
    const raw =
      typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)
    socket.sendRaw(raw)
    expectEqual(
      (await socket.waitForClose()).code,
      code,
      `the close code after ${typeof raw === 'string' ? raw.slice(0, 200) : 'binary'}`,
    )
  }
}

async function openAfterHello(fixture: Fixture): Promise<Socket> {
  const socket = await fixture.openSocket()
  await socket.nextFrame(Op.Hello)
  return socket
}

export const closeCodeCases: readonly Case[] = [
  {
    id: 'gateway.close.4001',
    title: 'An opcode that no client may send closes with 4001',
    covers: ['gateway.opcodes', 'gateway.close.4001'],
    run: (fixture) =>
      expectClose(fixture, UnknownOpcode, [
        { op: 99, d: null },
        { op: 0, t: 'READY', s: 1, d: {} },
        { op: 10, d: {} },
        { op: 11 },
        { op: 7, d: null },
        { op: -1, d: null },
      ]),
  },
  {
    id: 'gateway.close.4002',
    title: 'A message that is not JSON or not a frame closes with 4002',
    covers: ['gateway.close.4002'],
    run: (fixture) =>
      expectClose(fixture, DecodeError, [
        'nonsense',
        '{"op":1',
        '[]',
        '7',
        '"op"',
        'null',
        '{"d":null}',
        '{"op":"1","d":null}',
        '{"op":1.5}',
        '',
      ]),
  },
  {
    id: 'gateway.close.4002.binary',
    title: 'Binary that is not JSON, text that is not UTF-8 and endless nesting close with 4002',
    covers: ['gateway.close.4002'],
    run: (fixture) =>
      expectClose(fixture, DecodeError, [
        Uint8Array.from([131, 104, 2, 97, 1]),
        Uint8Array.from([0x7b, 0x22, 0xff, 0xfe]),
        `{"op":3,"d":${'['.repeat(1_500)}${']'.repeat(1_500)}}`,
      ]),
  },
  {
    id: 'gateway.close.4002.large',
    title:
      'A frame far larger than Discord’s 4,096 bytes closes with 4002, and the stage keeps running',
    covers: ['gateway.close.4002'],
    async run(fixture) {
      await expectClose(fixture, DecodeError, [
        JSON.stringify({ op: 1, d: null, padding: 'x'.repeat(60_000) }),
      ])
      await (await fixture.user()).connect()
    },
  },
  {
    id: 'gateway.close.4002.form',
    title: 'A frame whose data has the wrong form closes with 4002',
    covers: ['gateway.close.4002'],
    run: (fixture) =>
      expectClose(fixture, DecodeError, [
        { op: Op.PresenceUpdate, d: { status: 'busy', activities: [], since: null, afk: false } },
        { op: Op.PresenceUpdate, d: 'online' },
        { op: Op.VoiceStateUpdate, d: { guild_id: { $gt: '' }, channel_id: null } },
        { op: Op.VoiceStateUpdate, d: null },
        { op: Op.RequestGuildMembers, d: { guild_id: 'everywhere', query: '', limit: 0 } },
        { op: Op.RequestGuildMembers },
      ]),
  },
  {
    id: 'gateway.close.4002.identify',
    title: 'IDENTIFY with a missing or mistyped token closes with 4002',
    covers: ['gateway.close.4002'],
    run: (fixture) =>
      expectClose(
        fixture,
        DecodeError,
        [
          { op: 2, d: {} },
          { op: 2, d: { token: 7, intents: 0 } },
          { op: 2, d: { token: { $ne: '' }, intents: 0 } },
          { op: 2, d: null },
          { op: 2 },
        ],
        false,
      ),
  },
  {
    id: 'gateway.close.4003',
    title: 'Commands before IDENTIFY close with 4003',
    covers: ['gateway.close.4003'],
    run: (fixture) =>
      expectClose(
        fixture,
        NotAuthenticated,
        [
          {
            op: Op.PresenceUpdate,
            d: { status: 'online', activities: [], since: null, afk: false },
          },
          {
            op: Op.VoiceStateUpdate,
            d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false },
          },
          { op: Op.RequestGuildMembers, d: { guild_id: '1', query: '', limit: 0 } },
        ],
        false,
      ),
  },
  {
    id: 'gateway.close.4004',
    title: 'A token that the stage did not issue closes with 4004',
    covers: ['gateway.close.4004'],
    async run(fixture) {
      const ada = await fixture.user()
      const tokens = [
        'nonsense',
        '',
        `${ada.token}x`,
        ada.token.slice(0, -1),
        `Bot Bot ${ada.token}`,
      ]
      await expectClose(
        fixture,
        AuthenticationFailed,
        tokens.map((token) => ({ op: Op.Identify, d: { token, intents: 0, properties: {} } })),
        false,
      )
    },
  },
  {
    id: 'gateway.close.4005',
    title: 'IDENTIFY or RESUME on a socket that has a session closes with 4005',
    covers: ['gateway.close.4005'],
    async run(fixture) {
      const ada = await fixture.user()
      const again = [
        { op: Op.Identify, d: { token: ada.token, intents: 0, properties: {} } },
        { op: Op.Resume, d: { token: ada.token, session_id: 'x', seq: 1 } },
      ]
      await expectClose(fixture, AlreadyAuthenticated, again)
    },
  },
  {
    id: 'gateway.close.4010',
    title: 'An invalid shard closes with 4010',
    covers: ['gateway.close.4010'],
    async run(fixture) {
      const ada = await fixture.user()
      const shards = [[1, 1], [0, 0], [-1, 2], [2, 2], ['0', '1'], [0], 'first', {}]
      await expectClose(
        fixture,
        InvalidShard,
        shards.map((shard) => ({
          op: Op.Identify,
          d: { token: ada.token, intents: 0, properties: {}, shard },
        })),
        false,
      )
    },
  },
  {
    id: 'gateway.close.4012',
    title: 'An unsupported gateway version closes with 4012',
    covers: ['gateway.address', 'gateway.close.4012'],
    async run(fixture) {
      for (const v of ['1', '11', '0', 'ten', '-10']) {
        const socket = await fixture.openSocket({ query: `?v=${v}&encoding=json` })
        expectEqual(
          (await socket.waitForClose()).code,
          CloseCode.InvalidAPIVersion,
          `the close code of version ${v}`,
        )
      }
    },
  },
  {
    id: 'gateway.close.4013',
    title: 'Invalid intents close with 4013',
    covers: ['gateway.close.4013'],
    async run(fixture) {
      const ada = await fixture.user()
      const all = [-1, 1.5, 2 ** 31, 2 ** 40, 1 << 30, 'all', null, [], undefined]
      await expectClose(
        fixture,
        InvalidIntents,
        all.map((intents) => ({
          op: Op.Identify,
          d: { token: ada.token, properties: {}, intents },
        })),
        false,
      )
    },
  },
]

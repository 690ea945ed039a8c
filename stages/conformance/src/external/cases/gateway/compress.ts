import { Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import type { Compression } from '../../compression.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { identify } from '../../test-user.ts'

/** A guild that is worth compressing. */
async function wordy(fixture: Fixture): Promise<TestGuild> {
  const guild = await fixture.guild()
  for (let i = 0; i < 6; i++)
    await guild.createChannel({ name: `channel-${i}`, topic: 'long '.repeat(200) })
  return guild
}

async function session(
  fixture: Fixture,
  guild: TestGuild,
  query: string,
  compression: Compression,
  compress: boolean,
): Promise<Socket> {
  const socket = await fixture.openSocket({ query, compression })
  await socket.nextFrame(Op.Hello)
  await identify(socket, guild.member.token, { identify: { compress } })
  await socket.nextEvent('GUILD_CREATE')
  await guild.awaitDelivery(socket)
  return socket
}

const streamed = (kind: 'zlib-stream' | 'zstd-stream'): Case => ({
  id: `gateway.compress.${kind}`,
  title: `\`compress=${kind}\` makes the whole connection one compressed stream, flushed with each payload, or is not honoured at all`,
  covers: ['bites.compress'],
  async run(fixture) {
    const guild = await wordy(fixture)
    // Whether IDENTIFY wishes for compression as well makes no difference: the stream meets the
    // wish.
    for (const wish of [false, true]) {
      const socket = await session(
        fixture,
        guild,
        `?v=10&encoding=json&compress=${kind}`,
        kind,
        wish,
      )
      for (let i = 0; i < 20; i++) await guild.send(`message ${i} ${'x'.repeat(i * 50)}`)
      await guild.awaitDelivery(socket)
      expectEqual(socket.received('MESSAGE_CREATE').length, 22, 'the messages that were heard')
      expectEqual(
        new Set(socket.binary).size,
        1,
        'all frames are alike: every one in the stream, or none',
      )
    }
  },
})

export const compressCases: readonly Case[] = [
  streamed('zlib-stream'),
  streamed('zstd-stream'),
  {
    id: 'gateway.compress.together',
    title:
      '`compress=zlib-stream` in the URL and `compress` in IDENTIFY are both honoured, or neither',
    covers: ['bites.compress'],
    async run(fixture) {
      const guild = await wordy(fixture)
      const stream = await session(
        fixture,
        guild,
        '?v=10&encoding=json&compress=zlib-stream',
        'zlib-stream',
        false,
      )
      const payload = await session(fixture, guild, '?v=10&encoding=json', 'payload', true)
      expectEqual(
        payload.binary.some(Boolean),
        stream.binary.some(Boolean),
        'whether the one is honoured as the other is',
      )
    },
  },
  {
    id: 'gateway.compress.none',
    title: 'Who asks for no compression gets text, frame by frame',
    covers: ['bites.compress'],
    async run(fixture) {
      const guild = await wordy(fixture)
      const socket = await guild.member.connect()
      await guild.awaitDelivery(socket)
      expectTrue(
        socket.binary.every((each) => !each),
        'every frame is text',
      )
    },
  },
]

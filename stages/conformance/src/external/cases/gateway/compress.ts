import { Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import type { Compression } from '../../compression.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { identify } from '../../test-user.ts'

/** A guild whose GUILD_CREATE is large enough to compress. */
async function createLargeGuild(fixture: Fixture): Promise<TestGuild> {
  const guild = await fixture.guild()
  for (let i = 0; i < 6; i++)
    await guild.createChannel({ name: `channel-${i}`, topic: 'long '.repeat(200) })
  return guild
}

async function openSession(
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

const streamCase = (kind: 'zlib-stream' | 'zstd-stream'): Case => ({
  id: `gateway.compress.${kind}`,
  title: `\`compress=${kind}\` compresses the whole connection as one stream, or is ignored`,
  covers: ['bites.compress'],
  async run(fixture) {
    const guild = await createLargeGuild(fixture)
    // `compress` in IDENTIFY makes no difference, since the stream is compressed already.
    for (const compress of [false, true]) {
      const socket = await openSession(
        fixture,
        guild,
        `?v=10&encoding=json&compress=${kind}`,
        kind,
        compress,
      )
      for (let i = 0; i < 20; i++) await guild.send(`message ${i} ${'x'.repeat(i * 50)}`)
      await guild.awaitDelivery(socket)
      expectEqual(socket.received('MESSAGE_CREATE').length, 22, 'the number of received messages')
      expectEqual(
        new Set(socket.binary).size,
        1,
        'the kinds of frame: either all compressed or none',
      )
    }
  },
})

export const compressCases: readonly Case[] = [
  streamCase('zlib-stream'),
  streamCase('zstd-stream'),
  {
    id: 'gateway.compress.together',
    title:
      '`compress=zlib-stream` in the URL and `compress` in IDENTIFY are both honoured, or neither',
    covers: ['bites.compress'],
    async run(fixture) {
      const guild = await createLargeGuild(fixture)
      const stream = await openSession(
        fixture,
        guild,
        '?v=10&encoding=json&compress=zlib-stream',
        'zlib-stream',
        false,
      )
      const payload = await openSession(fixture, guild, '?v=10&encoding=json', 'payload', true)
      expectEqual(
        payload.binary.some(Boolean),
        stream.binary.some(Boolean),
        'whether `compress` in IDENTIFY is honoured like the URL’s',
      )
    },
  },
  {
    id: 'gateway.compress.none',
    title: 'A client that does not ask for compression gets text frames',
    covers: ['bites.compress'],
    async run(fixture) {
      const guild = await createLargeGuild(fixture)
      const socket = await guild.member.connect()
      await guild.awaitDelivery(socket)
      expectTrue(
        socket.binary.every((each) => !each),
        'every frame is text',
      )
    },
  },
]

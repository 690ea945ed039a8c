import { Op } from '@threshold/contract'
import { identify } from '../../actor.ts'
import type { Case } from '../../case.ts'
import type { Compression } from '../../compression.ts'
import { holds, same } from '../../expect.ts'
import type { TestGuild } from '../../guild.ts'
import type { Socket } from '../../socket.ts'
import type { World } from '../../world.ts'

/** A guild that is worth compressing. */
async function wordy(world: World): Promise<TestGuild> {
  const guild = await world.guild()
  for (let i = 0; i < 6; i++)
    await guild.channel({ name: `channel-${i}`, topic: 'long '.repeat(200) })
  return guild
}

async function session(
  world: World,
  guild: TestGuild,
  query: string,
  compression: Compression,
  compress: boolean,
): Promise<Socket> {
  const socket = await world.socket({ query, compression })
  await socket.frame(Op.Hello)
  await identify(socket, guild.member.token, { identify: { compress } })
  await socket.next('GUILD_CREATE')
  await guild.settle(socket)
  return socket
}

const streamed = (kind: 'zlib-stream' | 'zstd-stream'): Case => ({
  id: `gateway.compress.${kind}`,
  sentence: `\`compress=${kind}\` makes the whole connection one compressed stream, flushed with each payload, or is not honoured at all`,
  async run(world) {
    const guild = await wordy(world)
    // Whether IDENTIFY wishes for compression as well makes no difference: the stream meets the
    // wish.
    for (const wish of [false, true]) {
      const socket = await session(world, guild, `?v=10&encoding=json&compress=${kind}`, kind, wish)
      for (let i = 0; i < 20; i++) await guild.say(`message ${i} ${'x'.repeat(i * 50)}`)
      await guild.settle(socket)
      same(socket.seen('MESSAGE_CREATE').length, 22, 'the messages that were heard')
      same(new Set(socket.binary).size, 1, 'all frames are alike: every one in the stream, or none')
    }
  },
})

export const compressCases: readonly Case[] = [
  streamed('zlib-stream'),
  streamed('zstd-stream'),
  {
    id: 'gateway.compress.together',
    sentence:
      '`compress=zlib-stream` in the URL and `compress` in IDENTIFY are both honoured, or neither',
    async run(world) {
      const guild = await wordy(world)
      const stream = await session(
        world,
        guild,
        '?v=10&encoding=json&compress=zlib-stream',
        'zlib-stream',
        false,
      )
      const payload = await session(world, guild, '?v=10&encoding=json', 'payload', true)
      same(
        payload.binary.some(Boolean),
        stream.binary.some(Boolean),
        'whether the one is honoured as the other is',
      )
    },
  },
  {
    id: 'gateway.compress.none',
    sentence: 'Who asks for no compression gets text, frame by frame',
    async run(world) {
      const guild = await wordy(world)
      const socket = await guild.member.connect()
      await guild.settle(socket)
      holds(
        socket.binary.every((each) => !each),
        'every frame is text',
      )
    },
  },
]

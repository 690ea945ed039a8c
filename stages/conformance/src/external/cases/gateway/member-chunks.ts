import { Op } from '@threshold/contract'
import { unquoteIds } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { Dispatches, Socket } from '../../socket.ts'

type Chunk = Dispatches['GUILD_MEMBERS_CHUNK']

/** Asks for members and waits for all chunks of the answer. */
async function request(
  socket: Socket,
  ask: Readonly<Record<string, unknown>>,
): Promise<{ ids: string[]; chunks: Chunk[] }> {
  const nonce = `n${Math.random().toString(36).slice(2, 10)}`
  socket.send(Op.RequestGuildMembers, { ...ask, nonce })
  const first = await socket.nextEvent('GUILD_MEMBERS_CHUNK', (d) => d.nonce === nonce)
  const chunks = [first]
  while (chunks.length < first.chunk_count)
    chunks.push(await socket.nextEvent('GUILD_MEMBERS_CHUNK', (d) => d.nonce === nonce))
  expectEqual(
    chunks.map((each) => each.chunk_index),
    chunks.map((_, i) => i),
    'the chunks are numbered',
  )
  return { ids: chunks.flatMap((each) => each.members.map((m) => m.user.id)).toSorted(), chunks }
}

export const memberChunkCases: readonly Case[] = [
  {
    id: 'gateway.members.all',
    title: 'Op 8 with an empty query and limit 0 gives all members in numbered chunks',
    covers: ['gateway.opcodes', 'gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const socket = await guild.member.connect()
      const { ids, chunks } = await request(socket, { guild_id: guild.id, query: '', limit: 0 })
      expectEqual(ids, [guild.owner.id, guild.member.id, cy.id].toSorted(), 'the members')
      expectIncludes(chunks[0], { guild_id: guild.id, chunk_index: 0, chunk_count: 1 }, 'the chunk')
      const member = chunks[0]!.members.find((m) => m.user.id === cy.id)
      expectIncludes(member, { nick: null, roles: [] }, 'a member')
      expectIncludes(member!.user, { username: cy.username }, 'its user')
      expectEqual(chunks[0]!.presences, undefined, 'presences that nobody asked for')
    },
  },
  {
    id: 'gateway.members.query',
    title: 'A query gives the members whose name or nick begins with it, `limit` at most',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, cynthia] = [await guild.newMember('cy'), await guild.newMember('cynthia')]
      const socket = await guild.member.connect()
      expectEqual(
        (await request(socket, { guild_id: guild.id, query: 'cy', limit: 10 })).ids,
        [cy.id, cynthia.id].toSorted(),
        'by a beginning',
      )
      expectEqual(
        (
          await request(socket, {
            guild_id: guild.id,
            query: cynthia.username.toUpperCase(),
            limit: 10,
          })
        ).ids,
        [cynthia.id],
        'in any case',
      )
      expectEqual(
        (await request(socket, { guild_id: guild.id, query: 'cy', limit: 1 })).ids.length,
        1,
        'with a limit of one',
      )
      expectEqual(
        (await request(socket, { guild_id: guild.id, query: 'nobody', limit: 10 })).ids,
        [],
        'by nobody’s name',
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${cy.id}`, { nick: 'Zed' })
      expectEqual(
        (await request(socket, { guild_id: guild.id, query: 'zed', limit: 10 })).ids,
        [cy.id],
        'by a nick',
      )
    },
  },
  {
    id: 'gateway.members.ids',
    title: 'With `user_ids` it gives those members, and names those that are none',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const stranger = await fixture.user('eve')
      const socket = await guild.member.connect()
      const { ids, chunks } = await request(socket, {
        guild_id: guild.id,
        user_ids: [guild.owner.id, stranger.id],
        limit: 0,
      })
      expectEqual(ids, [guild.owner.id], 'the members')
      expectEqual(chunks[0]!.not_found?.map(String), [stranger.id], 'not_found')
      const noId = await request(socket, {
        guild_id: guild.id,
        user_ids: ['abc', guild.owner.id],
        limit: 0,
      })
      expectEqual(noId.ids, [guild.owner.id], 'the members, beside what is no id')
      expectEqual(noId.chunks[0]!.not_found, ['abc'], 'what is no id, in not_found')
      const odd = [null, true, {}, 'x'.repeat(200), guild.owner.id]
      const oddOnes = await request(socket, { guild_id: guild.id, user_ids: odd, limit: 0 })
      expectEqual(oddOnes.ids, [guild.owner.id], 'the members, beside values that are no text')
      expectEqual(oddOnes.chunks[0]!.not_found, ['x'.repeat(200)], 'a long text, in not_found')
      expectEqual(
        (await request(socket, { guild_id: guild.id, user_ids: guild.owner.id, limit: 0 })).ids,
        [guild.owner.id],
        'one id, without a list',
      )
    },
  },
  {
    id: 'gateway.members.presences',
    title: 'With `presences` the chunks tell who is online',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      await guild.owner.connect()
      await socket.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.owner.id && d.status === 'online',
      )
      const { chunks } = await request(socket, {
        guild_id: guild.id,
        query: '',
        limit: 0,
        presences: true,
      })
      expectIncludes(
        chunks[0]!.presences?.find((each) => each.user?.id === guild.owner.id),
        { status: 'online' },
        'the owner’s presence',
      )
    },
  },
  {
    id: 'gateway.members.bare-numbers',
    title: 'Ids sent as bare 64-bit numbers are taken without losing a digit, in frames too',
    covers: ['bites.numbers'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const ask = {
        op: Op.RequestGuildMembers,
        d: { guild_id: guild.id, user_ids: [guild.owner.id], limit: 0, nonce: 'bare' },
      }
      socket.sendRaw(unquoteIds(JSON.stringify(ask)))
      const chunk = await socket.nextEvent('GUILD_MEMBERS_CHUNK', (d) => d.nonce === 'bare')
      expectEqual(
        chunk.members.map((m) => m.user.id),
        [guild.owner.id],
        'the members',
      )
      socket.sendRaw(
        unquoteIds(
          JSON.stringify({
            op: Op.VoiceStateUpdate,
            d: {
              guild_id: guild.id,
              channel_id: guild.voiceId,
              self_mute: false,
              self_deaf: false,
            },
          }),
        ),
      )
      expectIncludes(
        await socket.nextEvent('VOICE_STATE_UPDATE'),
        { channel_id: guild.voiceId, guild_id: guild.id },
        'the voice state',
      )
    },
  },
  {
    id: 'gateway.members.foreign',
    title: 'Of a guild one is not in, op 8 tells nothing, and the connection goes on',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const [guild, eve] = [await fixture.guild(), await fixture.user('eve')]
      const own = await eve.api.post<{ id: string }>('/guilds', { name: 'her own' })
      const outside = await eve.connect()
      outside.send(Op.RequestGuildMembers, { guild_id: guild.id, query: '', limit: 0 })
      outside.send(Op.RequestGuildMembers, { guild_id: UNKNOWN_ID, query: '', limit: 0 })
      expectEqual(
        (await request(outside, { guild_id: own.id, query: '', limit: 0 })).ids,
        [eve.id],
        'the members of her own guild',
      )
      const told = outside
        .received('GUILD_MEMBERS_CHUNK', (d) => d.guild_id !== own.id)
        .flatMap((chunk) => chunk.members)
      expectEqual(told, [], 'whom else she was told of')
      expectTrue(outside.isOpen, 'the socket is open')
    },
  },
]

import { Op } from '@threshold/contract'
import { unquoteIds } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { Dispatches, Socket } from '../../socket.ts'

type Chunk = Dispatches['GUILD_MEMBERS_CHUNK']

/** Sends op 8 and waits for all chunks of the answer. */
async function requestMembers(
  socket: Socket,
  payload: Readonly<Record<string, unknown>>,
): Promise<{ ids: string[]; chunks: Chunk[] }> {
  const nonce = `n${Math.random().toString(36).slice(2, 10)}`
  socket.send(Op.RequestGuildMembers, { ...payload, nonce })
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
    title: 'Op 8 with an empty query and limit 0 answers all members in numbered chunks',
    covers: ['gateway.opcodes', 'gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const socket = await guild.member.connect()
      const { ids, chunks } = await requestMembers(socket, {
        guild_id: guild.id,
        query: '',
        limit: 0,
      })
      expectEqual(ids, [guild.owner.id, guild.member.id, cy.id].toSorted(), 'the members')
      expectIncludes(chunks[0], { guild_id: guild.id, chunk_index: 0, chunk_count: 1 }, 'the chunk')
      const member = chunks[0]!.members.find((m) => m.user.id === cy.id)
      expectIncludes(member, { nick: null, roles: [] }, 'a member')
      expectIncludes(member!.user, { username: cy.username }, 'its user')
      expectEqual(chunks[0]!.presences, undefined, 'presences without being requested')
    },
  },
  {
    id: 'gateway.members.query',
    title: 'Op 8 with a query answers members whose name or nick begins with it, `limit` at most',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, cynthia] = [await guild.newMember('cy'), await guild.newMember('cynthia')]
      const socket = await guild.member.connect()
      expectEqual(
        (await requestMembers(socket, { guild_id: guild.id, query: 'cy', limit: 10 })).ids,
        [cy.id, cynthia.id].toSorted(),
        'by the beginning of a name',
      )
      expectEqual(
        (
          await requestMembers(socket, {
            guild_id: guild.id,
            query: cynthia.username.toUpperCase(),
            limit: 10,
          })
        ).ids,
        [cynthia.id],
        'in any case',
      )
      expectEqual(
        (await requestMembers(socket, { guild_id: guild.id, query: 'cy', limit: 1 })).ids.length,
        1,
        'with a limit of one',
      )
      expectEqual(
        (await requestMembers(socket, { guild_id: guild.id, query: 'nobody', limit: 10 })).ids,
        [],
        'by an unknown name',
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${cy.id}`, { nick: 'Zed' })
      expectEqual(
        (await requestMembers(socket, { guild_id: guild.id, query: 'zed', limit: 10 })).ids,
        [cy.id],
        'by a nick',
      )
    },
  },
  {
    id: 'gateway.members.ids',
    title: 'Op 8 with `user_ids` answers those members, and lists the others in `not_found`',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const stranger = await fixture.user('eve')
      const socket = await guild.member.connect()
      const { ids, chunks } = await requestMembers(socket, {
        guild_id: guild.id,
        user_ids: [guild.owner.id, stranger.id],
        limit: 0,
      })
      expectEqual(ids, [guild.owner.id], 'the members')
      expectEqual(chunks[0]!.not_found?.map(String), [stranger.id], 'not_found')
      const withInvalidId = await requestMembers(socket, {
        guild_id: guild.id,
        user_ids: ['abc', guild.owner.id],
        limit: 0,
      })
      expectEqual(
        withInvalidId.ids,
        [guild.owner.id],
        'the members, with an invalid id in the list',
      )
      expectEqual(withInvalidId.chunks[0]!.not_found, ['abc'], 'not_found for an invalid id')
      const onlyInvalid = await requestMembers(socket, {
        guild_id: guild.id,
        user_ids: ['abc'],
        limit: 0,
      })
      expectEqual(onlyInvalid.ids, [], 'the members, with nothing but an invalid id')
      expectIncludes(
        onlyInvalid.chunks[0],
        { chunk_index: 0, chunk_count: 1, not_found: ['abc'] },
        'the only chunk',
      )
      const mixedIds = [null, true, {}, 'x'.repeat(200), guild.owner.id]
      const mixed = await requestMembers(socket, {
        guild_id: guild.id,
        user_ids: mixedIds,
        limit: 0,
      })
      expectEqual(
        mixed.ids,
        [guild.owner.id],
        'the members, with ignored values that are not strings',
      )
      expectEqual(mixed.chunks[0]!.not_found, ['x'.repeat(200)], 'not_found for a long string')
      expectEqual(
        (await requestMembers(socket, { guild_id: guild.id, user_ids: guild.owner.id, limit: 0 }))
          .ids,
        [guild.owner.id],
        'one id, without a list',
      )
    },
  },
  {
    id: 'gateway.members.presences',
    title: 'Op 8 with `presences` answers the presences of the members who are online',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      await guild.owner.connect()
      await socket.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.owner.id && d.status === 'online',
      )
      const { chunks } = await requestMembers(socket, {
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
    title: 'Frames accept ids as bare 64-bit numbers without losing a digit',
    covers: ['bites.numbers'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const payload = {
        op: Op.RequestGuildMembers,
        d: { guild_id: guild.id, user_ids: [guild.owner.id], limit: 0, nonce: 'bare' },
      }
      socket.sendRaw(unquoteIds(JSON.stringify(payload)))
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
              channel_id: guild.voiceChannelId,
              self_mute: false,
              self_deaf: false,
            },
          }),
        ),
      )
      expectIncludes(
        await socket.nextEvent('VOICE_STATE_UPDATE'),
        { channel_id: guild.voiceChannelId, guild_id: guild.id },
        'the voice state',
      )
    },
  },
  {
    id: 'gateway.members.foreign',
    title:
      'Op 8 for a guild of which the user is not a member answers nothing and keeps the ' +
      'connection open',
    covers: ['gateway.events.chunks'],
    async run(fixture) {
      const [guild, eve] = [await fixture.guild(), await fixture.user('eve')]
      const own = await eve.api.post<{ id: string }>('/guilds', { name: 'her own' })
      const outsider = await eve.connect()
      outsider.send(Op.RequestGuildMembers, { guild_id: guild.id, query: '', limit: 0 })
      outsider.send(Op.RequestGuildMembers, { guild_id: UNKNOWN_ID, query: '', limit: 0 })
      expectEqual(
        (await requestMembers(outsider, { guild_id: own.id, query: '', limit: 0 })).ids,
        [eve.id],
        'the members of her own guild',
      )
      const others = outsider
        .received('GUILD_MEMBERS_CHUNK', (d) => d.guild_id !== own.id)
        .flatMap((chunk) => chunk.members)
      expectEqual(others, [], 'members of other guilds')
      expectTrue(outsider.isOpen, 'the socket is open')
    },
  },
]

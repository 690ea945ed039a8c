import type { APIMessage, APIUser } from 'discord-api-types/v10'
import { unquoteIds } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectIncludes,
  expectSnowflake,
  expectTrue,
  isSnowflake,
} from '../../expect.ts'

const DISCORD_EPOCH = 1_420_070_400_000n

export const idCases: readonly Case[] = [
  {
    id: 'rest.ids.strings',
    title: 'Ids are snowflakes in strings, and contain the time of their creation',
    covers: ['rest.json'],
    async run(fixture) {
      const before = BigInt(Date.now())
      const guild = await fixture.guild()
      const message = await guild.send('hello')
      await guild.member.api.put(
        `/channels/${guild.textChannelId}/messages/${message.id}/reactions/${encodeURIComponent('👍')}/@me`,
      )
      const { api } = guild.owner
      const paths = [
        '/users/@me',
        '/users/@me/guilds',
        `/guilds/${guild.id}`,
        `/guilds/${guild.id}/channels`,
        `/guilds/${guild.id}/members?limit=10`,
      ]
      for (const path of [
        ...paths,
        `/channels/${guild.textChannelId}`,
        `/channels/${guild.textChannelId}/messages`,
      ])
        expectIdsAreStrings(await api.get(path), path)
      for (const created of [guild.id, guild.textChannelId, message.id, guild.owner.id]) {
        const createdAt = (BigInt(created) >> 22n) + DISCORD_EPOCH
        // A stage on another machine may have another clock. A wrong epoch would be off by years.
        expectTrue(
          createdAt > before - 60_000n && createdAt < BigInt(Date.now()) + 60_000n,
          `the id ${created} was made just now`,
          String(createdAt),
        )
      }
    },
  },
  {
    id: 'rest.ids.ordered',
    title: 'A later message has a larger id',
    covers: ['intro.silence', 'rest.json'],
    async run(fixture) {
      const guild = await fixture.guild()
      let last = 0n
      for (let i = 0; i < 10; i++) {
        const next = BigInt((await guild.send(`message ${i}`)).id)
        expectTrue(next > last, 'ids go up', { last, next })
        last = next
      }
    },
  },
  {
    id: 'rest.ids.once',
    title:
      'Each of many messages sent at once has an id of its own, and is stored with its own ' +
      'content and author',
    covers: ['rest.clock'],
    async run(fixture) {
      const guild = await fixture.guild()
      const texts = Array.from({ length: 40 }, (_, i) => `message ${i}`)
      const sent = await Promise.all(
        texts.map((text, i) => guild.send(text, i % 2 === 0 ? guild.owner : guild.member)),
      )
      expectEqual(
        new Set(sent.map((message) => message.id)).size,
        texts.length,
        'the number of different ids',
      )
      const page = await guild.owner.api.get<APIMessage[]>(
        `/channels/${guild.textChannelId}/messages?limit=100`,
      )
      const stored = new Map(page.map((message) => [message.id, message]))
      for (const [i, { id: one }] of sent.entries()) {
        const author = i % 2 === 0 ? guild.owner.id : guild.member.id
        expectIncludes(stored.get(one), { content: texts[i] }, 'the stored message')
        expectEqual(stored.get(one)?.author.id, author, 'its author')
      }
    },
  },
  {
    id: 'rest.ids.bare-numbers',
    title: 'Request bodies accept ids as bare 64-bit numbers without losing a digit',
    covers: ['bites.numbers'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { owner, member } = guild
      const bareIds = { bareIds: true }
      expectEqual(
        unquoteIds(`{"a":"${member.id}"}`),
        `{"a":${member.id}}`,
        'ids are sent as numbers',
      )
      const dm = await owner.api.post<{ recipients: APIUser[] }>(
        '/users/@me/channels',
        { recipient_id: member.id },
        bareIds,
      )
      expectEqual(
        dm.recipients.map((user) => user.id),
        [member.id],
        'the recipients',
      )
      const role = await guild.createRole(0n)
      expectIncludes(
        await owner.api.patch(
          `/guilds/${guild.id}/members/${member.id}`,
          { roles: [role.id] },
          bareIds,
        ),
        { roles: [role.id] },
        'roles',
      )
      const category = await guild.createChannel({ type: 4 })
      const overwrite = { id: role.id, type: 0, allow: '0', deny: '1024' }
      const channel = await owner.api.post<{ id: string }>(
        `/guilds/${guild.id}/channels`,
        { name: 'bare', parent_id: category.id, permission_overwrites: [overwrite] },
        bareIds,
      )
      expectIncludes(
        channel,
        { parent_id: category.id, permission_overwrites: [overwrite] },
        'the channel',
      )
      const sent = [await guild.send('one'), await guild.send('two')]
      const reply = await owner.api.post(
        `/channels/${guild.textChannelId}/messages`,
        { content: 'three', message_reference: { message_id: sent[0]!.id } },
        bareIds,
      )
      expectIncludes(
        (reply as { message_reference: unknown }).message_reference,
        { message_id: sent[0]!.id },
        'the reference of the reply',
      )
      await owner.api.post(
        `/channels/${guild.textChannelId}/messages/bulk-delete`,
        { messages: sent.map((m) => m.id) },
        bareIds,
      )
      const left = await owner.api.get<APIMessage[]>(`/channels/${guild.textChannelId}/messages`)
      expectEqual(
        left.map((m) => m.content),
        ['three'],
        'what remains',
      )
    },
  },
]

/**
 * Checks that every id in a response body is a string of digits, and that no number in it looks
 * like an id.
 */
function expectIdsAreStrings(node: unknown, path: string): void {
  if (Array.isArray(node)) for (const each of node) expectIdsAreStrings(each, path)
  else if (typeof node === 'number')
    expectTrue(!isSnowflake(String(node)), `${path} has no bare id`, node)
  else if (typeof node === 'object' && node !== null)
    for (const [key, value] of Object.entries(node)) {
      if ((key === 'id' || key.endsWith('_id')) && value !== null)
        expectSnowflake(value, `${path}: ${key}`)
      else expectIdsAreStrings(value, `${path}: ${key}`)
    }
}

import { Permission } from '@threshold/contract'
import type { APIMessage, APIUser } from 'discord-api-types/v10'
import { invalid, NO_PERMISSION, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import type { TestGuild } from '../../test-guild.ts'

const THUMB = '👍'
const smallestFirst = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1)

interface Spot {
  readonly guild: TestGuild
  readonly id: string
  readonly path: string
  reactions(
    reader?: 'owner' | 'member',
  ): Promise<{ name: string | null; id: string | null; count: number; me: boolean }[]>
}

async function message(guild: TestGuild): Promise<Spot> {
  const { id } = await guild.send('react to this')
  const at = `/channels/${guild.textId}/messages/${id}`
  return {
    guild,
    id,
    path: `${at}/reactions`,
    async reactions(reader = 'owner') {
      const list = (await guild[reader].api.get<APIMessage>(at)).reactions ?? []
      return list.map(({ emoji, count, me }) => ({ name: emoji.name, id: emoji.id, count, me }))
    },
  }
}

export const reactionCases: readonly Case[] = [
  {
    id: 'rest.reactions.add',
    title: 'A reaction is put once however often it is put, and counted with the message',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      for (let i = 0; i < 2; i++)
        await guild.member.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('owner'),
        [{ name: THUMB, id: null, count: 1, me: false }],
        'as another sees it',
      )
      expectEqual(
        await reactions('member'),
        [{ name: THUMB, id: null, count: 1, me: true }],
        'as who reacted sees it',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('owner'),
        [{ name: THUMB, id: null, count: 2, me: true }],
        'with two',
      )
      const [listed] = await guild.owner.api.get<APIMessage[]>(
        `/channels/${guild.textId}/messages?limit=1`,
      )
      expectEqual(
        listed!.reactions?.map(({ count, me }) => ({ count, me })),
        [{ count: 2, me: true }],
        'in the history',
      )
    },
  },
  {
    id: 'rest.reactions.emoji',
    title:
      'Unicode emoji of any make and custom ones as `name:id` are taken, anything else is 10014',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      const unicode = ['❤️', '👩‍👩‍👧‍👦', '🇩🇪', '7️⃣', '👋🏽']
      for (const emoji of unicode)
        await guild.owner.api.expectNoContent('PUT', `${path}/${encodeURIComponent(emoji)}/@me`)
      await guild.owner.api.expectNoContent(
        'PUT',
        `${path}/${encodeURIComponent('blob:80351110224678912')}/@me`,
      )
      const wanted = [
        ...unicode.map((name) => ({ name, id: null as string | null })),
        { name: 'blob', id: '80351110224678912' },
      ]
      expectEqual(
        new Set((await reactions()).map(({ name, id }) => `${name} ${id}`)),
        new Set(wanted.map(({ name, id }) => `${name} ${id}`)),
        'the reactions',
      )
      for (const emoji of [
        'thumbsup',
        'x',
        'blob:',
        'blob:abc',
        '$ne',
        '👍 or not',
        '👍👎',
        '🇩🇪🇫🇷🇮🇹',
        '🇽🇽',
        '7',
        '👍\u200D',
      ])
        await guild.owner.api.expectError(
          { status: 400, code: 10014 },
          'PUT',
          `${path}/${encodeURIComponent(emoji)}/@me`,
        )
    },
  },
  {
    id: 'rest.reactions.remove',
    title:
      'One takes one’s own reaction back, as often as one likes; the last one gone, so is the emoji',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      for (const { api } of [guild.owner, guild.member]) await api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('member'),
        [{ name: THUMB, id: null, count: 1, me: false }],
        'with one left',
      )
      await guild.member.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      await guild.owner.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      expectEqual(await reactions(), [], 'with none left')
    },
  },
  {
    id: 'rest.reactions.clear',
    title: 'With MANAGE_MESSAGES all reactions of one emoji are removed, and no other',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      for (const { api } of [guild.owner, guild.member])
        for (const emoji of [THUMB, '🎉']) await api.put(`${path}/${emoji}/@me`)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${path}/${THUMB}`)
      await guild.owner.api.expectNoContent('DELETE', `${path}/${THUMB}`)
      expectEqual(await reactions(), [{ name: '🎉', id: null, count: 2, me: true }], 'what is left')
      await guild.member.api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', path)
      await guild.owner.api.expectNoContent('DELETE', path)
      expectEqual(await reactions(), [], 'what is left when all are removed')
    },
  },
  {
    id: 'rest.reactions.custom',
    title:
      'A custom emoji is `name:id`, whether `:` or `a:` stand before it, as discord.py and its kin send it, or not',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      await guild.owner.api.put(`${path}/blob:123456789012345678/@me`)
      await guild.member.api.put(`${path}/${encodeURIComponent(':blob:123456789012345678')}/@me`)
      expectEqual(
        await reactions(),
        [{ name: 'blob', id: '123456789012345678', count: 2, me: true }],
        'the reactions',
      )
      await guild.owner.api.expectNoContent(
        'DELETE',
        `${path}/${encodeURIComponent('a:blob:123456789012345678')}/@me`,
      )
      expectEqual(
        await reactions(),
        [{ name: 'blob', id: '123456789012345678', count: 1, me: false }],
        'with one left',
      )
    },
  },
  {
    id: 'rest.reactions.list',
    title: 'Who reacted is listed in order of ids, `limit` 1 to 100, from `after` on',
    async run(fixture) {
      const { guild, path } = await message(await fixture.guild())
      const people = [
        guild.owner,
        guild.member,
        await guild.newMember('cy'),
        await guild.newMember('dan'),
      ]
      for (const { api } of people) await api.put(`${path}/${THUMB}/@me`)
      const ids = people.map((each) => each.id).toSorted(smallestFirst)
      const list = async (query = ''): Promise<string[]> =>
        (await guild.member.api.get<APIUser[]>(`${path}/${THUMB}${query}`)).map((user) => user.id)
      expectEqual(await list(), ids, 'by default')
      expectEqual(await list('?limit=2'), ids.slice(0, 2), 'the first two')
      expectEqual(await list(`?limit=2&after=${ids[1]}`), ids.slice(2), 'the next two')
      expectEqual(await list(`?after=${ids[3]}`), [], 'after the last')
      const [first] = await guild.member.api.get<APIUser[]>(`${path}/${THUMB}?limit=1`)
      expectIncludes(
        first,
        { username: people.find((each) => each.id === ids[0])!.username },
        'a user of the list',
      )
      expectEqual(await guild.member.api.get(`${path}/🎉`), [], 'who reacted with another emoji')
      for (const limit of ['0', '101', 'abc'])
        await guild.member.api.expectError(
          invalid('limit'),
          'GET',
          `${path}/${THUMB}?limit=${limit}`,
        )
    },
  },
  {
    id: 'rest.reactions.unknown',
    title: 'An unknown message has no reactions (10008), and a deleted one no longer',
    async run(fixture) {
      const { guild, id, path } = await message(await fixture.guild())
      await guild.member.api.put(`${path}/${THUMB}/@me`)
      await guild.owner.api.delete(`/channels/${guild.textId}/messages/${id}`)
      for (const at of [path, `/channels/${guild.textId}/messages/1000000000000000/reactions`]) {
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'PUT', `${at}/${THUMB}/@me`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'GET', `${at}/${THUMB}`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'DELETE', `${at}/${THUMB}/@me`)
      }
    },
  },
  {
    id: 'rest.reactions.permissions',
    title:
      'Without ADD_REACTIONS one may join in what another began, and begin nothing; without history, neither',
    async run(fixture) {
      const { guild, path } = await message(await fixture.guild())
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.AddReactions })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
      await guild.owner.api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.ReadMessageHistory })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
    },
  },
  {
    id: 'rest.reactions.spellings',
    title:
      'An emoji is one with and without U+FE0F on every route, and answers and events name it fully qualified',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      const owner = await guild.owner.connect()
      const pairs = [
        ['\u2764', '\u2764\uFE0F'],
        ['\u00A9', '\u00A9\uFE0F'],
        ['\u{1F44D}\uFE0F', '\u{1F44D}'],
      ] as const
      for (const [spelling, form] of pairs) {
        const [either, or] = [spelling, form].map((each) => `${path}/${encodeURIComponent(each)}`)
        await guild.owner.api.expectNoContent('PUT', `${either}/@me`)
        const added = await owner.nextEvent(
          'MESSAGE_REACTION_ADD',
          (d) => d.user_id === guild.owner.id && d.emoji.name === form,
        )
        expectEqual(added.emoji.name, form, 'in the event')
        await guild.owner.api.expectNoContent('PUT', `${or}/@me`)
        await guild.member.api.expectNoContent('PUT', `${or}/@me`)
        expectEqual(
          await reactions(),
          [{ name: form, id: null, count: 2, me: true }],
          'with the message',
        )
        for (const at of [either, or])
          expectEqual((await guild.owner.api.get<APIUser[]>(at!)).length, 2, 'in the list')
        await guild.owner.api.expectNoContent('DELETE', `${or}/@me`)
        await guild.owner.api.expectNoContent('DELETE', `${either}/${guild.member.id}`)
        expectEqual(await reactions(), [], 'with neither')
        await guild.owner.api.expectNoContent('PUT', `${or}/@me`)
        await guild.owner.api.expectNoContent('DELETE', either!)
        expectEqual(await reactions(), [], 'with none of the emoji')
      }
    },
  },
  {
    id: 'rest.reactions.most',
    title:
      'A message has at most 20 different emoji; a twenty-first is refused, one more of the same is not',
    async run(fixture) {
      const { guild, path } = await message(await fixture.guild())
      // 😀 and those that follow it in Unicode.
      const emoji = Array.from({ length: 21 }, (_, i) => String.fromCodePoint(0x1f600 + i))
      for (const each of emoji.slice(0, 20))
        await guild.owner.api.expectNoContent('PUT', `${path}/${each}/@me`)
      await guild.owner.api.expectError(
        { status: 400, code: 30010 },
        'PUT',
        `${path}/${emoji[20]}/@me`,
      )
      await guild.member.api.expectNoContent('PUT', `${path}/${emoji[19]}/@me`)
    },
  },
  {
    id: 'rest.reactions.most.concurrent',
    title: 'A message has at most 20 different emoji also when 144 are put at the same time',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      const emoji = Array.from({ length: 144 }, (_, i) => `e${i}:${80_351_110_224n + BigInt(i)}`)
      const answers = await Promise.all(
        emoji.map((each) => guild.owner.api.request('PUT', `${path}/${each}/@me`)),
      )
      const outcomes = answers.map(
        ({ status, body }) => `${status} ${(body as { code?: number } | undefined)?.code ?? ''}`,
      )
      // A stage that has too much to do says so, and has not lost count.
      expectTrue(
        outcomes.every((outcome) => ['204 ', '400 30010', '503 0'].includes(outcome)),
        'each is put, one too many, or too much at once',
        outcomes,
      )
      const there = (await reactions()).length
      expectTrue(there <= 20 && (there === 20 || outcomes.includes('503 0')), 'there are 20', there)
    },
  },
  {
    id: 'rest.reactions.concurrent',
    title: 'Reactions put at the same time are all counted, each once',
    async run(fixture) {
      const { guild, path, reactions } = await message(await fixture.guild())
      const people = [
        guild.owner,
        guild.member,
        await guild.newMember('cy'),
        await guild.newMember('dan'),
      ]
      await Promise.all([...people, ...people].map(({ api }) => api.put(`${path}/${THUMB}/@me`)))
      expectEqual(
        (await reactions()).map(({ count }) => count),
        [4],
        'the count',
      )
    },
  },
]

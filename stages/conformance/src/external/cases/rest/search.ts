import { Permission } from '@threshold/contract'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { type SearchResponse, searchUntil } from '../../search.ts'

export const searchCases: readonly Case[] = [
  {
    id: 'rest.search.words',
    title: 'A search finds the guild’s messages that contain all words, in any case, newest first',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const side = await guild.createChannel()
      const [first, second] = [
        await guild.send('The quick brown fox'),
        await guild.send('a QUICK reply', guild.member, side.id),
      ]
      await guild.send('nothing of the kind')
      expectEqual(
        await searchUntil(fixture, guild, 'content=quick', 2),
        [second.content, first.content],
        'one word',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'content=fox%20quick', 1),
        [first.content],
        'two words',
      )
      expectEqual(await searchUntil(fixture, guild, 'content=absent', 0), [], 'no such word')
      expectEqual(
        await searchUntil(fixture, guild, 'content=quick&sort_order=asc', 2),
        [first.content, second.content],
        'oldest first',
      )
    },
  },
  {
    id: 'rest.search.answer',
    title: 'A search answers the total and each message in a list of its own, marked as a hit',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const sent = await guild.send('needle')
      await searchUntil(fixture, guild, 'content=needle', 1)
      const found = await guild.member.api.get<SearchResponse>(
        `/guilds/${guild.id}/messages/search?content=needle`,
      )
      expectIncludes(found, { total_results: 1 }, 'the answer')
      expectIncludes(
        found.messages[0]![0],
        { id: sent.id, channel_id: guild.textChannelId, content: 'needle', hit: true },
        'the message',
      )
      expectIncludes(
        found.messages[0]![0]!.author,
        { id: guild.owner.id, username: guild.owner.username },
        'its author',
      )
    },
  },
  {
    id: 'rest.search.filters',
    title: 'A search is narrowed by author, channel, mentions and ids',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const side = await guild.createChannel()
      await guild.send('word one')
      const second = await guild.send('word two', guild.member)
      await guild.send(`word three <@${guild.member.id}>`, guild.owner, side.id)
      await searchUntil(fixture, guild, 'content=word', 3)
      expectEqual(
        await searchUntil(fixture, guild, `content=word&author_id=${guild.member.id}`, 1),
        ['word two'],
        'by author',
      )
      expectEqual(
        await searchUntil(fixture, guild, `author_id=${guild.member.id}`, 1),
        ['word two'],
        'by author alone',
      )
      expectEqual(
        await searchUntil(fixture, guild, `content=word&channel_id=${guild.textChannelId}`, 2),
        ['word two', 'word one'],
        'by channel',
      )
      expectEqual(
        await searchUntil(fixture, guild, `mentions=${guild.member.id}`, 1),
        [`word three <@${guild.member.id}>`],
        'by mention',
      )
      expectEqual(
        await searchUntil(fixture, guild, `content=word&max_id=${second.id}`, 1),
        ['word one'],
        'before an id',
      )
      expectEqual(
        (await searchUntil(fixture, guild, `content=word&min_id=${second.id}`, 1)).length,
        1,
        'after an id',
      )
    },
  },
  {
    id: 'rest.search.pages',
    title: 'Results are paged by limit and offset, and the total stays the same',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (let i = 0; i < 5; i++) await guild.send(`page ${i}`)
      expectEqual(
        await searchUntil(fixture, guild, 'content=page&limit=2', 5),
        ['page 4', 'page 3'],
        'the first two',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'content=page&limit=2&offset=2', 5),
        ['page 2', 'page 1'],
        'the next two',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'content=page&limit=2&offset=4', 5),
        ['page 0'],
        'the last',
      )
    },
  },
  {
    id: 'rest.search.follows',
    title: 'An edited message is found by its new words, and a deleted one is not found',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('before')
      await searchUntil(fixture, guild, 'content=before', 1)
      await guild.owner.api.patch(`/channels/${guild.textChannelId}/messages/${id}`, {
        content: 'after',
      })
      expectEqual(
        await searchUntil(fixture, guild, 'content=after', 1),
        ['after'],
        'the new content',
      )
      expectEqual(await searchUntil(fixture, guild, 'content=before', 0), [], 'the old content')
      await guild.owner.api.delete(`/channels/${guild.textChannelId}/messages/${id}`)
      expectEqual(await searchUntil(fixture, guild, 'content=after', 0), [], 'deleted')
    },
  },
  {
    id: 'rest.search.visibility',
    title: 'A search finds nothing that the user may not read',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [hidden, past] = [await guild.createHiddenChannel(), await guild.createChannel()]
      await guild.setOverwrite(past.id, guild.id, 0, { deny: Permission.ReadMessageHistory })
      await guild.send('secret plan', guild.owner, hidden.id)
      await guild.send('secret past', guild.owner, past.id)
      await guild.send('open secret')
      await searchUntil(fixture, guild, 'content=secret', 3)
      expectEqual(
        await searchUntil(fixture, guild, 'content=secret', 1, guild.member),
        ['open secret'],
        'hits for a member',
      )
      const response = await guild.member.api.get<SearchResponse>(
        `/guilds/${guild.id}/messages/search?content=secret&channel_id=${hidden.id}`,
      )
      expectIncludes(
        response,
        { total_results: 0, messages: [] },
        'hits in the hidden channel for a member',
      )
    },
  },
  {
    id: 'rest.search.invalid',
    title: 'A search takes a `limit` of 1 to 25, and checks its ids and choices',
    covers: ['rest.route.search', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/messages/search`
      for (const limit of ['0', '26', 'abc'])
        await guild.owner.api.expectError(
          invalid('limit'),
          'GET',
          `${path}?content=x&limit=${limit}`,
        )
      await guild.owner.api.expectError(invalid('offset'), 'GET', `${path}?content=x&offset=-1`)
      await guild.owner.api.expectError(
        invalid('author_id', 'NUMBER_TYPE_COERCE'),
        'GET',
        `${path}?author_id=me`,
      )
      await guild.owner.api.expectError(
        invalid('channel_id', 'NUMBER_TYPE_COERCE'),
        'GET',
        `${path}?channel_id=abc`,
      )
      await guild.owner.api.expectError(
        invalid('has', 'BASE_TYPE_CHOICES'),
        'GET',
        `${path}?has=foo`,
      )
      await guild.owner.api.expectError(
        invalid('author_type', 'BASE_TYPE_CHOICES'),
        'GET',
        `${path}?author_type=foo`,
      )
      await guild.owner.api.expectError(invalid('max_id'), 'GET', `${path}?max_id=now`)
    },
  },
]

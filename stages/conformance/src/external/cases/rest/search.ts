import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { includes, same } from '../../expect.ts'
import { invalid } from '../../rest.ts'
import { type Found, search } from '../../search.ts'

export const searchCases: readonly Case[] = [
  {
    id: 'rest.search.words',
    sentence:
      'A search finds the messages of a guild that have all its words, in any case, newest first',
    async run(world) {
      const guild = await world.guild()
      const side = await guild.channel()
      const [first, second] = [
        await guild.say('The quick brown fox'),
        await guild.say('a QUICK reply', guild.member, side.id),
      ]
      await guild.say('nothing of the kind')
      same(
        await search(world, guild, 'content=quick', 2),
        [second.content, first.content],
        'one word',
      )
      same(await search(world, guild, 'content=fox%20quick', 1), [first.content], 'two words')
      same(await search(world, guild, 'content=absent', 0), [], 'no such word')
      same(
        await search(world, guild, 'content=quick&sort_order=asc', 2),
        [first.content, second.content],
        'oldest first',
      )
    },
  },
  {
    id: 'rest.search.answer',
    sentence:
      'A search answers with how many there are and each message in a list of its own, marked as a hit',
    async run(world) {
      const guild = await world.guild()
      const said = await guild.say('needle')
      await search(world, guild, 'content=needle', 1)
      const found = await guild.member.api.get<Found>(
        `/guilds/${guild.id}/messages/search?content=needle`,
      )
      includes(found, { total_results: 1 }, 'the answer')
      includes(
        found.messages[0]![0],
        { id: said.id, channel_id: guild.text, content: 'needle', hit: true },
        'the message',
      )
      includes(
        found.messages[0]![0]!.author,
        { id: guild.owner.id, username: guild.owner.username },
        'its author',
      )
    },
  },
  {
    id: 'rest.search.filters',
    sentence: 'A search is narrowed by author, channel, mentions and ids',
    async run(world) {
      const guild = await world.guild()
      const side = await guild.channel()
      await guild.say('word one')
      const second = await guild.say('word two', guild.member)
      await guild.say(`word three <@${guild.member.id}>`, guild.owner, side.id)
      await search(world, guild, 'content=word', 3)
      same(
        await search(world, guild, `content=word&author_id=${guild.member.id}`, 1),
        ['word two'],
        'by author',
      )
      same(
        await search(world, guild, `author_id=${guild.member.id}`, 1),
        ['word two'],
        'by author alone',
      )
      same(
        await search(world, guild, `content=word&channel_id=${guild.text}`, 2),
        ['word two', 'word one'],
        'by channel',
      )
      same(
        await search(world, guild, `mentions=${guild.member.id}`, 1),
        [`word three <@${guild.member.id}>`],
        'by mention',
      )
      same(
        await search(world, guild, `content=word&max_id=${second.id}`, 1),
        ['word one'],
        'before an id',
      )
      same(
        (await search(world, guild, `content=word&min_id=${second.id}`, 1)).length,
        1,
        'after an id',
      )
    },
  },
  {
    id: 'rest.search.pages',
    sentence: 'Its results are paged by limit and offset, and the total stays',
    async run(world) {
      const guild = await world.guild()
      for (let i = 0; i < 5; i++) await guild.say(`page ${i}`)
      same(
        await search(world, guild, 'content=page&limit=2', 5),
        ['page 4', 'page 3'],
        'the first two',
      )
      same(
        await search(world, guild, 'content=page&limit=2&offset=2', 5),
        ['page 2', 'page 1'],
        'the next two',
      )
      same(await search(world, guild, 'content=page&limit=2&offset=4', 5), ['page 0'], 'the last')
    },
  },
  {
    id: 'rest.search.follows',
    sentence: 'An edited message is found by its new words, a deleted one no more',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.say('before')
      await search(world, guild, 'content=before', 1)
      await guild.owner.api.patch(`/channels/${guild.text}/messages/${id}`, { content: 'after' })
      same(await search(world, guild, 'content=after', 1), ['after'], 'by its new word')
      same(await search(world, guild, 'content=before', 0), [], 'by its old word')
      await guild.owner.api.delete(`/channels/${guild.text}/messages/${id}`)
      same(await search(world, guild, 'content=after', 0), [], 'deleted')
    },
  },
  {
    id: 'rest.search.sight',
    sentence: 'Nobody finds what they may not read',
    async run(world) {
      const guild = await world.guild()
      const [hidden, past] = [await guild.hiddenChannel(), await guild.channel()]
      await guild.overwrite(past.id, guild.id, 0, { deny: Permission.ReadMessageHistory })
      await guild.say('secret plan', guild.owner, hidden.id)
      await guild.say('secret past', guild.owner, past.id)
      await guild.say('open secret')
      await search(world, guild, 'content=secret', 3)
      same(
        await search(world, guild, 'content=secret', 1, guild.member),
        ['open secret'],
        'what a member finds',
      )
      const asked = await guild.member.api.get<Found>(
        `/guilds/${guild.id}/messages/search?content=secret&channel_id=${hidden.id}`,
      )
      includes(
        asked,
        { total_results: 0, messages: [] },
        'what a member finds in the hidden channel',
      )
    },
  },
  {
    id: 'rest.search.invalid',
    sentence: 'A search’s limit is 1 to 25, and its ids are ids',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/messages/search`
      for (const limit of ['0', '26', 'abc'])
        await guild.owner.api.refused(invalid('limit'), 'GET', `${path}?content=x&limit=${limit}`)
      await guild.owner.api.refused(invalid('offset'), 'GET', `${path}?content=x&offset=-1`)
      await guild.owner.api.refused(
        invalid('author_id', 'NUMBER_TYPE_COERCE'),
        'GET',
        `${path}?author_id=me`,
      )
      await guild.owner.api.refused(
        invalid('channel_id', 'NUMBER_TYPE_COERCE'),
        'GET',
        `${path}?channel_id=abc`,
      )
      await guild.owner.api.refused(invalid('has', 'BASE_TYPE_CHOICES'), 'GET', `${path}?has=foo`)
      await guild.owner.api.refused(
        invalid('author_type', 'BASE_TYPE_CHOICES'),
        'GET',
        `${path}?author_type=foo`,
      )
      await guild.owner.api.refused(invalid('max_id'), 'GET', `${path}?max_id=now`)
    },
  },
]

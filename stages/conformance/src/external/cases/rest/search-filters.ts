import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { type SearchResponse, searchUntil } from '../../search.ts'
import { unique } from '../../unique.ts'

export const searchFilterCases: readonly Case[] = [
  {
    id: 'rest.search.has',
    title:
      '`has` finds links, embeds and images, and with `-` excludes them; a kind that no ' +
      'message has finds nothing',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      await guild.send('plain')
      const { id } = await guild.send('see https://example.org/page')
      await guild.owner.api.post(path, { content: 'embedded', embeds: [{ title: 'x' }] })
      await guild.owner.api.post(path, {
        content: 'pictured',
        embeds: [{ image: { url: 'https://example.org/a.png' } }],
      })
      expectEqual(
        await searchUntil(fixture, guild, 'has=link', 1),
        ['see https://example.org/page'],
        'links',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'has=embed', 2),
        ['pictured', 'embedded'],
        'embeds',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'has=embed&has=-image', 1),
        ['embedded'],
        'embeds without an image',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'has=-link&has=-embed', 1),
        ['plain'],
        'neither',
      )
      for (const none of ['file', 'sticker', 'poll', 'video', 'sound', 'snapshot']) {
        expectEqual(await searchUntil(fixture, guild, `has=${none}`, 0), [], none)
        expectEqual(
          (await searchUntil(fixture, guild, `has=-${none}`, 4)).length,
          4,
          `without ${none}`,
        )
      }
      await guild.owner.api.patch(`${path}/${id}`, { content: 'no link any more' })
      expectEqual(await searchUntil(fixture, guild, 'has=link', 0), [], 'links after an edit')
      await guild.owner.api.expectError(
        invalid('has'),
        'GET',
        `/guilds/${guild.id}/messages/search?has=nonsense`,
      )
    },
  },
  {
    id: 'rest.search.mentioned',
    title:
      'A search is narrowed by mentioned roles, by @everyone, and by the user or message ' +
      'replied to',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: true })
      const question = await guild.send(`<@&${role.id}> a question`, guild.member)
      await guild.send('@everyone look')
      const reply = { content: 'an answer', message_reference: { message_id: question.id } }
      const response = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textChannelId}/messages`,
        reply,
      )
      expectEqual(
        await searchUntil(fixture, guild, `mentions_role_id=${role.id}`, 1),
        [question.content],
        'by role',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'mention_everyone=true', 1),
        ['@everyone look'],
        'messages that mention @everyone',
      )
      expectEqual(
        await searchUntil(fixture, guild, 'mention_everyone=false', 2),
        ['an answer', question.content],
        'messages that do not mention @everyone',
      )
      expectEqual(
        await searchUntil(fixture, guild, `replied_to_user_id=${guild.member.id}`, 1),
        ['an answer'],
        'to a person',
      )
      expectEqual(
        await searchUntil(fixture, guild, `replied_to_user_id=${guild.owner.id}`, 0),
        [],
        'to another user',
      )
      expectEqual(
        await searchUntil(fixture, guild, `replied_to_message_id=${question.id}`, 1),
        ['an answer'],
        'to a message',
      )
      await guild.owner.api.patch(`/channels/${guild.textChannelId}/messages/${response.id}`, {
        content: 'a better answer',
      })
      expectEqual(
        await searchUntil(fixture, guild, `replied_to_user_id=${guild.member.id}`, 1),
        ['a better answer'],
        'to a person, edited',
      )
      expectEqual((await searchUntil(fixture, guild, 'pinned=false', 3)).length, 3, 'not pinned')
      expectEqual(await searchUntil(fixture, guild, 'pinned=true', 0), [], 'pinned')
    },
  },
  {
    id: 'rest.search.author-type',
    title: '`author_type` finds messages of users or bots, and with `-` excludes them',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const body = { username: unique('person'), bot: false }
      const { id, token } = await fixture.anonymous.post<{ id: string; token: string }>(
        '/workshop/users',
        body,
        { prefix: '' },
      )
      fixture.transcript.redact(token)
      await guild.owner.api.put(`/guilds/${guild.id}/members/${id}`, { access_token: token })
      const person = fixture.api('person', `Bot ${token}`)
      await person.post(`/channels/${guild.textChannelId}/messages`, { content: 'from a person' })
      await guild.send('from a bot')
      for (const query of ['user', '-bot'])
        expectEqual(
          await searchUntil(fixture, guild, `author_type=${query}`, 1),
          ['from a person'],
          query,
        )
      for (const query of ['bot', '-user'])
        expectEqual(
          await searchUntil(fixture, guild, `author_type=${query}`, 1),
          ['from a bot'],
          query,
        )
      expectEqual(
        (await searchUntil(fixture, guild, 'author_type=user&author_type=bot', 2)).length,
        2,
        'users and bots',
      )
      expectEqual(
        (await searchUntil(fixture, guild, 'author_type=-webhook', 2)).length,
        2,
        'no webhook',
      )
      expectEqual(await searchUntil(fixture, guild, 'author_type=webhook', 0), [], 'webhooks')
    },
  },
  {
    id: 'rest.search.signs',
    title: 'A search for an emoji or punctuation finds the messages that contain it, and no others',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.send('hello world!')
      for (const text of ['🦑', '!!!', '…', '\u200b'])
        expectEqual(
          await searchUntil(fixture, guild, `content=${encodeURIComponent(text)}`, 0),
          [],
          JSON.stringify(text),
        )
      await guild.send('a squid 🦑 !!!')
      for (const text of ['🦑', '!!!'])
        expectEqual(
          await searchUntil(fixture, guild, `content=${encodeURIComponent(text)}`, 1),
          ['a squid 🦑 !!!'],
          `${text}, after it was sent`,
        )
      await guild.send('wow??? nice 👍🏽')
      for (const text of ['???', '👍', 'nice 👍', '👍🏽', 'wow??? nice 👍🏽'])
        expectEqual(
          await searchUntil(fixture, guild, `content=${encodeURIComponent(text)}`, 1),
          ['wow??? nice 👍🏽'],
          `${text}, in a message of words`,
        )
    },
  },
  {
    id: 'rest.search.nsfw',
    title: 'Age-restricted channels are searched only with `include_nsfw`',
    covers: ['rest.route.search'],
    async run(fixture) {
      const guild = await fixture.guild()
      const side = await guild.createChannel({ nsfw: true })
      await guild.send('word here')
      await guild.send('word there', guild.owner, side.id)
      expectEqual(await searchUntil(fixture, guild, 'content=word', 1), ['word here'], 'by default')
      expectEqual(
        await searchUntil(fixture, guild, 'content=word&include_nsfw=true', 2),
        ['word there', 'word here'],
        'with include_nsfw',
      )
    },
  },
  {
    id: 'rest.search.unsupported',
    title: 'An unsupported or undocumented search filter is refused by name',
    covers: ['errors.unsupported.search'],
    async run(fixture) {
      const guild = await fixture.guild({
        everyonePermissions: Permission.ViewChannel | Permission.ReadMessageHistory,
      })
      const path = `/guilds/${guild.id}/messages/search`
      const filters = {
        slop: '5',
        embed_type: 'image',
        embed_provider: 'Tenor',
        link_hostname: 'example.org',
        attachment_filename: 'a.txt',
        attachment_extension: 'txt',
        sort_by: 'relevance',
        nonsense: '1',
        has_link: 'true',
      }
      for (const [filter, value] of Object.entries(filters)) {
        const { text } = await guild.member.api.expectError(
          invalid(filter),
          'GET',
          `${path}?content=x&${filter}=${value}`,
        )
        expectEqual(
          /not supported/.test(text),
          true,
          `the answer says that ${filter} is not supported`,
        )
      }
      expectEqual(
        (await guild.member.api.get<SearchResponse>(`${path}?content=x&sort_by=timestamp`))
          .total_results,
        0,
        'by time',
      )
    },
  },
]

import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { same } from '../../expect.ts'
import { invalid } from '../../rest.ts'
import { type Found, search } from '../../search.ts'
import { unique } from '../../unique.ts'

export const searchFilterCases: readonly Case[] = [
  {
    id: 'rest.search.has',
    sentence:
      '`has` finds links, embeds and pictures, and with `-` what has none; of what no message has, it finds none',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages`
      await guild.say('plain')
      const { id } = await guild.say('see https://example.org/page')
      await guild.owner.api.post(path, { content: 'embedded', embeds: [{ title: 'x' }] })
      await guild.owner.api.post(path, {
        content: 'pictured',
        embeds: [{ image: { url: 'https://example.org/a.png' } }],
      })
      same(await search(world, guild, 'has=link', 1), ['see https://example.org/page'], 'links')
      same(await search(world, guild, 'has=embed', 2), ['pictured', 'embedded'], 'embeds')
      same(
        await search(world, guild, 'has=embed&has=-image', 1),
        ['embedded'],
        'embeds without a picture',
      )
      same(await search(world, guild, 'has=-link&has=-embed', 1), ['plain'], 'neither')
      for (const none of ['file', 'sticker', 'poll', 'video', 'sound', 'snapshot']) {
        same(await search(world, guild, `has=${none}`, 0), [], none)
        same((await search(world, guild, `has=-${none}`, 4)).length, 4, `no ${none}`)
      }
      await guild.owner.api.patch(`${path}/${id}`, { content: 'no link any more' })
      same(await search(world, guild, 'has=link', 0), [], 'links after an edit')
      await guild.owner.api.refused(
        invalid('has'),
        'GET',
        `/guilds/${guild.id}/messages/search?has=nonsense`,
      )
    },
  },
  {
    id: 'rest.search.mentioned',
    sentence:
      'A search is narrowed by mentioned roles, by @everyone, and by whom and what messages reply to',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.role(0n, { mentionable: true })
      const asked = await guild.say(`<@&${role.id}> a question`, guild.member)
      await guild.say('@everyone look')
      const reply = { content: 'an answer', message_reference: { message_id: asked.id } }
      const answer = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.text}/messages`,
        reply,
      )
      same(await search(world, guild, `mentions_role_id=${role.id}`, 1), [asked.content], 'by role')
      same(
        await search(world, guild, 'mention_everyone=true', 1),
        ['@everyone look'],
        'of everyone',
      )
      same(
        await search(world, guild, 'mention_everyone=false', 2),
        ['an answer', asked.content],
        'not of everyone',
      )
      same(
        await search(world, guild, `replied_to_user_id=${guild.member.id}`, 1),
        ['an answer'],
        'to a person',
      )
      same(await search(world, guild, `replied_to_user_id=${guild.owner.id}`, 0), [], 'to another')
      same(
        await search(world, guild, `replied_to_message_id=${asked.id}`, 1),
        ['an answer'],
        'to a message',
      )
      await guild.owner.api.patch(`/channels/${guild.text}/messages/${answer.id}`, {
        content: 'a better answer',
      })
      same(
        await search(world, guild, `replied_to_user_id=${guild.member.id}`, 1),
        ['a better answer'],
        'to a person, edited',
      )
      same((await search(world, guild, 'pinned=false', 3)).length, 3, 'not pinned')
      same(await search(world, guild, 'pinned=true', 0), [], 'pinned')
    },
  },
  {
    id: 'rest.search.author-type',
    sentence: 'A search is narrowed by whether people or bots wrote, and with `-` by who did not',
    async run(world) {
      const guild = await world.guild()
      const body = { username: unique('person'), bot: false }
      const { id, token } = await world.anonymous.post<{ id: string; token: string }>(
        '/workshop/users',
        body,
        { prefix: '' },
      )
      world.journal.hide(token)
      await guild.owner.api.put(`/guilds/${guild.id}/members/${id}`, { access_token: token })
      const person = world.api('person', `Bot ${token}`)
      await person.post(`/channels/${guild.text}/messages`, { content: 'from a person' })
      await guild.say('from a bot')
      for (const query of ['user', '-bot'])
        same(await search(world, guild, `author_type=${query}`, 1), ['from a person'], query)
      for (const query of ['bot', '-user'])
        same(await search(world, guild, `author_type=${query}`, 1), ['from a bot'], query)
      same((await search(world, guild, 'author_type=user&author_type=bot', 2)).length, 2, 'either')
      same((await search(world, guild, 'author_type=-webhook', 2)).length, 2, 'no webhook')
      same(await search(world, guild, 'author_type=webhook', 0), [], 'webhooks')
    },
  },
  {
    id: 'rest.search.signs',
    sentence: 'A search for an emoji or for signs finds what has them, and not everything',
    async run(world) {
      const guild = await world.guild()
      await guild.say('hello world!')
      for (const text of ['🦑', '!!!', '…', '\u200b'])
        same(
          await search(world, guild, `content=${encodeURIComponent(text)}`, 0),
          [],
          JSON.stringify(text),
        )
      await guild.say('a squid 🦑 !!!')
      for (const text of ['🦑', '!!!'])
        same(
          await search(world, guild, `content=${encodeURIComponent(text)}`, 1),
          ['a squid 🦑 !!!'],
          `${text}, once written`,
        )
      await guild.say('wow??? nice 👍🏽')
      for (const text of ['???', '👍', 'nice 👍', '👍🏽', 'wow??? nice 👍🏽'])
        same(
          await search(world, guild, `content=${encodeURIComponent(text)}`, 1),
          ['wow??? nice 👍🏽'],
          `${text}, attached`,
        )
    },
  },
  {
    id: 'rest.search.nsfw',
    sentence: 'Age-restricted channels are searched with `include_nsfw` alone',
    async run(world) {
      const guild = await world.guild()
      const side = await guild.channel({ nsfw: true })
      await guild.say('word here')
      await guild.say('word there', guild.owner, side.id)
      same(await search(world, guild, 'content=word', 1), ['word here'], 'by default')
      same(
        await search(world, guild, 'content=word&include_nsfw=true', 2),
        ['word there', 'word here'],
        'with them',
      )
    },
  },
  {
    id: 'rest.search.unsupported',
    sentence:
      'A filter of a search that is not supported is refused by name, and so is one that Discord does not document',
    async run(world) {
      const guild = await world.guild({
        everyone: Permission.ViewChannel | Permission.ReadMessageHistory,
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
        const { text } = await guild.member.api.refused(
          invalid(filter),
          'GET',
          `${path}?content=x&${filter}=${value}`,
        )
        same(/not supported/.test(text), true, `the answer says that ${filter} is not supported`)
      }
      same(
        (await guild.member.api.get<Found>(`${path}?content=x&sort_by=timestamp`)).total_results,
        0,
        'by time',
      )
    },
  },
]

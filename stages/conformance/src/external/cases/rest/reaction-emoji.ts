import type { APIUser } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { createReactionTarget } from './reaction-target.ts'

export const reactionEmojiCases: readonly Case[] = [
  {
    id: 'rest.reactions.emoji',
    title:
      'Unicode emoji of any make and custom ones as `name:id` are taken, anything else is 10014',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
    id: 'rest.reactions.custom',
    title:
      'A custom emoji is `name:id`, whether `:` or `a:` stand before it, as discord.py and its kin send it, or not',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
    id: 'rest.reactions.spellings',
    title:
      'An emoji is one with and without U+FE0F on every route, and answers and events name it fully qualified',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
]

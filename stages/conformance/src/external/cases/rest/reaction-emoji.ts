import type { APIUser } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { createReactionTarget } from './reaction-target.ts'

export const reactionEmojiCases: readonly Case[] = [
  {
    id: 'rest.reactions.emoji',
    title:
      'Every Unicode emoji and custom emoji as `name:id` are accepted; anything else is ' +
      'answered 10014',
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
      const expected = [
        ...unicode.map((name) => ({ name, id: null as string | null })),
        { name: 'blob', id: '80351110224678912' },
      ]
      expectEqual(
        new Set((await reactions()).map(({ name, id }) => `${name} ${id}`)),
        new Set(expected.map(({ name, id }) => `${name} ${id}`)),
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
    title: 'A custom emoji is `name:id`, also with `:` or `a:` before it, as discord.py sends it',
    covers: ['rest.route.reactions', 'bites.emoji'],
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
        'the reactions after one was removed',
      )
    },
  },
  {
    id: 'rest.reactions.spellings',
    title:
      'An emoji with and without U+FE0F is one reaction on every route, and answers and ' +
      'events have the fully qualified form',
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
        const [spellingPath, formPath] = [spelling, form].map(
          (each) => `${path}/${encodeURIComponent(each)}`,
        )
        await guild.owner.api.expectNoContent('PUT', `${spellingPath}/@me`)
        const added = await owner.nextEvent(
          'MESSAGE_REACTION_ADD',
          (d) => d.user_id === guild.owner.id && d.emoji.name === form,
        )
        expectEqual(added.emoji.name, form, 'in the event')
        await guild.owner.api.expectNoContent('PUT', `${formPath}/@me`)
        await guild.member.api.expectNoContent('PUT', `${formPath}/@me`)
        expectEqual(
          await reactions(),
          [{ name: form, id: null, count: 2, me: true }],
          'the reactions of the message',
        )
        for (const emojiPath of [spellingPath, formPath])
          expectEqual((await guild.owner.api.get<APIUser[]>(emojiPath!)).length, 2, 'in the list')
        await guild.owner.api.expectNoContent('DELETE', `${formPath}/@me`)
        await guild.owner.api.expectNoContent('DELETE', `${spellingPath}/${guild.member.id}`)
        expectEqual(await reactions(), [], 'the reactions after both were removed')
        await guild.owner.api.expectNoContent('PUT', `${formPath}/@me`)
        await guild.owner.api.expectNoContent('DELETE', spellingPath!)
        expectEqual(await reactions(), [], 'the reactions after the emoji was cleared')
      }
    },
  },
]

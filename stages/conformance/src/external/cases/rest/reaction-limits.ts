import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import { createReactionTarget, THUMB } from './reaction-target.ts'

export const reactionLimitCases: readonly Case[] = [
  {
    id: 'rest.reactions.most',
    title:
      'A message has at most 20 different emoji: a 21st is refused, another user’s reaction ' +
      'with the 20th is not',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path } = await createReactionTarget(await fixture.guild())
      // 😀 and the 20 emoji that follow it in Unicode.
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
    title: 'A message has at most 20 different emoji, even if 144 are added at the same time',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
      const emoji = Array.from({ length: 144 }, (_, i) => `e${i}:${80_351_110_224n + BigInt(i)}`)
      const responses = await Promise.all(
        emoji.map((each) => guild.owner.api.request('PUT', `${path}/${each}/@me`)),
      )
      const outcomes = responses.map(
        ({ status, body }) => `${status} ${(body as { code?: number } | undefined)?.code ?? ''}`,
      )
      // A busy stage may answer 503, but it must still count correctly.
      expectTrue(
        outcomes.every((outcome) => ['204 ', '400 30010', '503 0'].includes(outcome)),
        'each request is answered 204, 30010 or 503',
        outcomes,
      )
      const total = (await reactions()).length
      expectTrue(
        total <= 20 && (total === 20 || outcomes.includes('503 0')),
        'the message has 20 emoji, or fewer if requests were answered 503',
        total,
      )
    },
  },
  {
    id: 'rest.reactions.concurrent',
    title: 'Reactions added at the same time are all counted, each once',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
      const users = [
        guild.owner,
        guild.member,
        await guild.newMember('cy'),
        await guild.newMember('dan'),
      ]
      await Promise.all([...users, ...users].map(({ api }) => api.put(`${path}/${THUMB}/@me`)))
      expectEqual(
        (await reactions()).map(({ count }) => count),
        [4],
        'the count',
      )
    },
  },
]

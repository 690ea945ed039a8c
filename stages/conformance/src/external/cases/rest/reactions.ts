import { Permission } from '@threshold/contract'
import type { APIMessage, APIUser } from 'discord-api-types/v10'
import { invalid, NO_PERMISSION, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { ascending } from '../../snowflakes.ts'
import { createReactionTarget, THUMB } from './reaction-target.ts'

export const reactionCases: readonly Case[] = [
  {
    id: 'rest.reactions.add',
    title: 'A reaction is put once however often it is put, and counted with the message',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
    id: 'rest.reactions.remove',
    title:
      'One takes one’s own reaction back, as often as one likes; the last one gone, so is the emoji',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
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
    id: 'rest.reactions.list',
    title: 'Who reacted is listed in order of ids, `limit` 1 to 100, from `after` on',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path } = await createReactionTarget(await fixture.guild())
      const people = [
        guild.owner,
        guild.member,
        await guild.newMember('cy'),
        await guild.newMember('dan'),
      ]
      for (const { api } of people) await api.put(`${path}/${THUMB}/@me`)
      const ids = people.map((each) => each.id).toSorted(ascending)
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
    covers: ['rest.route.reactions', 'errors.10008'],
    async run(fixture) {
      const { guild, id, path } = await createReactionTarget(await fixture.guild())
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
    covers: ['rest.route.reactions', 'errors.50013'],
    async run(fixture) {
      const { guild, path } = await createReactionTarget(await fixture.guild())
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.AddReactions })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
      await guild.owner.api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.ReadMessageHistory })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
    },
  },
]

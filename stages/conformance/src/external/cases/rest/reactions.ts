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
    title: 'A reaction that is added twice counts once, and is listed with the message',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
      for (let i = 0; i < 2; i++)
        await guild.member.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('owner'),
        [{ name: THUMB, id: null, count: 1, me: false }],
        'the reactions as the owner sees them',
      )
      expectEqual(
        await reactions('member'),
        [{ name: THUMB, id: null, count: 1, me: true }],
        'the reactions as the reacting member sees them',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('owner'),
        [{ name: THUMB, id: null, count: 2, me: true }],
        'the reactions of two users',
      )
      const [listed] = await guild.owner.api.get<APIMessage[]>(
        `/channels/${guild.textChannelId}/messages?limit=1`,
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
      'A user removes their own reaction, any number of times; without reactions the emoji ' +
      'disappears',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
      for (const { api } of [guild.owner, guild.member]) await api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      expectEqual(
        await reactions('member'),
        [{ name: THUMB, id: null, count: 1, me: false }],
        'the reactions after one was removed',
      )
      await guild.member.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      await guild.owner.api.expectNoContent('DELETE', `${path}/${THUMB}/@me`)
      expectEqual(await reactions(), [], 'the reactions after all were removed')
    },
  },
  {
    id: 'rest.reactions.clear',
    title: 'A user with MANAGE_MESSAGES removes all reactions of one emoji, or of all',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path, reactions } = await createReactionTarget(await fixture.guild())
      for (const { api } of [guild.owner, guild.member])
        for (const emoji of [THUMB, '🎉']) await api.put(`${path}/${emoji}/@me`)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${path}/${THUMB}`)
      await guild.owner.api.expectNoContent('DELETE', `${path}/${THUMB}`)
      expectEqual(await reactions(), [{ name: '🎉', id: null, count: 2, me: true }], 'what remains')
      await guild.member.api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', path)
      await guild.owner.api.expectNoContent('DELETE', path)
      expectEqual(await reactions(), [], 'the reactions after all were removed')
    },
  },
  {
    id: 'rest.reactions.list',
    title:
      'The users who reacted are listed in ascending order of ids, with `limit` 1 to 100 and ' +
      '`after`',
    covers: ['rest.route.reactions'],
    async run(fixture) {
      const { guild, path } = await createReactionTarget(await fixture.guild())
      const users = [
        guild.owner,
        guild.member,
        await guild.newMember('cy'),
        await guild.newMember('dan'),
      ]
      for (const { api } of users) await api.put(`${path}/${THUMB}/@me`)
      const ids = users.map((each) => each.id).toSorted(ascending)
      const list = async (query = ''): Promise<string[]> =>
        (await guild.member.api.get<APIUser[]>(`${path}/${THUMB}${query}`)).map((user) => user.id)
      expectEqual(await list(), ids, 'by default')
      expectEqual(await list('?limit=2'), ids.slice(0, 2), 'the first two')
      expectEqual(await list(`?limit=2&after=${ids[1]}`), ids.slice(2), 'the next two')
      expectEqual(await list(`?after=${ids[3]}`), [], 'after the last')
      const [first] = await guild.member.api.get<APIUser[]>(`${path}/${THUMB}?limit=1`)
      expectIncludes(
        first,
        { username: users.find((each) => each.id === ids[0])!.username },
        'a user of the list',
      )
      expectEqual(
        await guild.member.api.get(`${path}/🎉`),
        [],
        'the users who reacted with another emoji',
      )
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
    title: 'Every reaction route of an unknown or deleted message answers 10008',
    covers: ['rest.route.reactions', 'errors.10008'],
    async run(fixture) {
      const { guild, id, path } = await createReactionTarget(await fixture.guild())
      await guild.member.api.put(`${path}/${THUMB}/@me`)
      await guild.owner.api.delete(`/channels/${guild.textChannelId}/messages/${id}`)
      for (const base of [
        path,
        `/channels/${guild.textChannelId}/messages/1000000000000000/reactions`,
      ]) {
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'PUT', `${base}/${THUMB}/@me`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'GET', `${base}/${THUMB}`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'DELETE', `${base}/${THUMB}/@me`)
      }
    },
  },
  {
    id: 'rest.reactions.permissions',
    title:
      'Without ADD_REACTIONS a member may only join an existing reaction; without ' +
      'READ_MESSAGE_HISTORY not even that',
    covers: ['rest.route.reactions', 'errors.50013'],
    async run(fixture) {
      const { guild, path } = await createReactionTarget(await fixture.guild())
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: Permission.AddReactions })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
      await guild.owner.api.put(`${path}/${THUMB}/@me`)
      await guild.member.api.expectNoContent('PUT', `${path}/${THUMB}/@me`)
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, {
        deny: Permission.ReadMessageHistory,
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${THUMB}/@me`)
    },
  },
]

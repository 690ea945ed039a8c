import { Permission } from '@threshold/contract'
import type { APIGuildMember } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_MEMBER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectTimestamp,
  expectTrue,
} from '../../expect.ts'
import { ascending, UNKNOWN_ID } from '../../snowflakes.ts'

export const memberCases: readonly Case[] = [
  {
    id: 'rest.members.list',
    title:
      'Members are listed in ascending order of ids, `limit` at most (1 by default), starting ' +
      'after `after`',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const more = [
        await guild.newMember('cy'),
        await guild.newMember('dan'),
        await guild.newMember('eve'),
      ]
      const everyone = [guild.owner, guild.member, ...more]
        .map((each) => each.id)
        .toSorted(ascending)
      const list = async (query: string): Promise<string[]> =>
        (await guild.member.api.get<APIGuildMember[]>(`/guilds/${guild.id}/members${query}`)).map(
          (m) => m.user.id,
        )
      expectEqual(await list(''), everyone.slice(0, 1), 'by default')
      expectEqual(await list('?limit=1000'), everyone, 'all')
      expectEqual(
        await list(`?limit=2&after=${everyone[1]}`),
        everyone.slice(2, 4),
        'two after the second',
      )
      const paged: string[] = []
      for (let i = 0; i < 3; i++) paged.push(...(await list(`?limit=2&after=${paged.at(-1) ?? 0}`)))
      expectEqual(paged, everyone, 'page by page')
    },
  },
  {
    id: 'rest.members.search',
    title:
      '`/guilds/:id/members/search` finds members whose name begins with `query`, one by default',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const found = async (query: string): Promise<string[]> =>
        (
          await guild.member.api.get<APIGuildMember[]>(
            `/guilds/${guild.id}/members/search?${query}`,
          )
        ).map((m) => m.user.id)
      expectEqual(await found(`query=${cy.username.slice(0, 5)}`), [cy.id], 'by a prefix')
      expectEqual(await found('query=nobody-is-called-so&limit=10'), [], 'an unknown name')
      await guild.member.api.expectError(
        invalid('limit'),
        'GET',
        `/guilds/${guild.id}/members/search?query=a&limit=0`,
      )
    },
  },
  {
    id: 'rest.members.list.invalid',
    title: 'The member list takes a `limit` of 1 to 1,000 and a snowflake as `after`',
    covers: ['rest.route.members', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/members`
      for (const limit of ['0', '1001', 'abc', '-1', '1.5'])
        await guild.owner.api.expectError(invalid('limit'), 'GET', `${path}?limit=${limit}`)
      await guild.owner.api.expectError(invalid('after'), 'GET', `${path}?after=me`)
    },
  },
  {
    id: 'rest.members.get',
    title: '`/guilds/:id/members/:user` answers the member, or 10007 if the user is none',
    covers: ['rest.route.members', 'bites.times'],
    async run(fixture) {
      const guild = await fixture.guild()
      const member = await guild.owner.api.get<APIGuildMember>(
        `/guilds/${guild.id}/members/${guild.member.id}`,
      )
      expectIncludes(member, { nick: null, roles: [], deaf: false, mute: false }, 'the member')
      expectIncludes(
        member.user,
        { id: guild.member.id, username: guild.member.username },
        'its user',
      )
      expectFields(
        member,
        [
          'joined_at',
          'avatar',
          'premium_since',
          'flags',
          'pending',
          'communication_disabled_until',
        ],
        'a member',
      )
      expectTrue(
        Math.abs(Date.parse(member.joined_at!) - Date.now()) < 120_000,
        'joined just now',
        member.joined_at,
      )
      expectTimestamp(member.joined_at, 'joined_at')
      const stranger = await fixture.user('eve')
      await guild.owner.api.expectError(
        UNKNOWN_MEMBER,
        'GET',
        `/guilds/${guild.id}/members/${stranger.id}`,
      )
      await guild.owner.api.expectError(invalid(), 'GET', `/guilds/${guild.id}/members/bob`)
      const unknown = await guild.owner.api.request(
        'GET',
        `/guilds/${guild.id}/members/${UNKNOWN_ID}`,
      )
      const { code } = unknown.body as { code: number }
      // Discord answers 10013 for a user that does not exist. A stage need not check that.
      expectTrue(
        unknown.status === 404 && (code === 10007 || code === 10013),
        'an unknown user is answered 404 with 10007 or 10013',
        unknown,
      )
    },
  },
  {
    id: 'rest.members.remove',
    title:
      'A user with KICK_MEMBERS removes a member, who loses access and can be added again ' +
      'without the old roles',
    covers: ['rest.route.members', 'errors.50001'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      await guild.grantPermissions(guild.member, 0n)
      await guild.owner.api.expectNoContent('DELETE', path)
      await guild.owner.api.expectError(UNKNOWN_MEMBER, 'GET', path)
      await guild.owner.api.expectError(UNKNOWN_MEMBER, 'DELETE', path)
      await guild.member.api.expectError(NO_ACCESS, 'GET', `/guilds/${guild.id}`)
      await guild.member.api.expectError(
        NO_ACCESS,
        'GET',
        `/channels/${guild.textChannelId}/messages`,
      )
      expectEqual(await guild.member.api.get('/users/@me/guilds'), [], 'the user’s guilds')
      await guild.addMember(guild.member)
      expectIncludes(
        await guild.member.api.get(path),
        { roles: [], nick: null },
        'the member after rejoining',
      )
    },
  },
  {
    id: 'rest.members.remove.refused',
    title:
      'Removing a member needs KICK_MEMBERS and a higher role, and the owner cannot be removed',
    covers: ['rest.route.members', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const member = (id: string): string => `/guilds/${guild.id}/members/${id}`
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', member(cy.id))
      const kicks = await guild.grantPermissions(guild.member, Permission.KickMembers)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', member(guild.owner.id))
      await guild.giveRole(cy, kicks.id)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', member(cy.id))
      await guild.owner.api.delete(`${member(cy.id)}/roles/${kicks.id}`)
      await guild.member.api.expectNoContent('DELETE', member(cy.id))
    },
  },
]

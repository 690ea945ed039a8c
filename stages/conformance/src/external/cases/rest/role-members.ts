import type { APIGuildMember } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, UNKNOWN_MEMBER, UNKNOWN_ROLE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { TestGuild } from '../../test-guild.ts'

const rolesOfMember = async (guild: TestGuild): Promise<string[]> =>
  (await guild.owner.api.get<APIGuildMember>(`/guilds/${guild.id}/members/${guild.member.id}`))
    .roles

export const roleMemberCases: readonly Case[] = [
  {
    id: 'rest.roles.member-counts',
    title: '`GET /guilds/:id/roles/member-counts` counts the members of each role except @everyone',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles/member-counts`
      expectEqual(await guild.member.api.get(path), {}, 'without roles')
      const [both, one, none] = [
        await guild.createRole(0n),
        await guild.createRole(0n),
        await guild.createRole(0n),
      ]
      await guild.owner.api.put(`/guilds/${guild.id}/members/${guild.owner.id}/roles/${both.id}`)
      for (const role of [both, one])
        await guild.owner.api.put(`/guilds/${guild.id}/members/${guild.member.id}/roles/${role.id}`)
      expectEqual(
        await guild.member.api.get(path),
        { [both.id]: 2, [one.id]: 1, [none.id]: 0 },
        'the counts',
      )
      await (await fixture.user('eve')).api.expectError(NO_ACCESS, 'GET', path)
    },
  },
  {
    id: 'rest.roles.give',
    title: 'A role is given to a member and taken away, any number of times',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [one, two] = [await guild.createRole(0n), await guild.createRole(0n)]
      const path = (role: string): string =>
        `/guilds/${guild.id}/members/${guild.member.id}/roles/${role}`
      for (const role of [one, one, two])
        await guild.owner.api.expectNoContent('PUT', path(role.id))
      expectEqual(
        (await rolesOfMember(guild)).toSorted(),
        [one.id, two.id].toSorted(),
        'the member’s roles',
      )
      for (let i = 0; i < 2; i++) await guild.owner.api.expectNoContent('DELETE', path(one.id))
      expectEqual(await rolesOfMember(guild), [two.id], 'what remains')
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PUT', path(UNKNOWN_ID))
      const stranger = await fixture.user('eve')
      await guild.owner.api.expectError(
        UNKNOWN_MEMBER,
        'PUT',
        `/guilds/${guild.id}/members/${stranger.id}/roles/${one.id}`,
      )
      await guild.owner.api.expectError(
        invalid('role_id', 'NUMBER_TYPE_COERCE'),
        'PUT',
        path('admin'),
      )
    },
  },
  {
    id: 'rest.roles.give.concurrent',
    title: 'Roles given to a member at the same time are all given',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const roles = await Promise.all(Array.from({ length: 5 }, () => guild.createRole(0n)))
      await Promise.all(roles.map((role) => guild.giveRole(guild.member, role.id)))
      expectEqual(
        (await rolesOfMember(guild)).toSorted(),
        roles.map((role) => role.id).toSorted(),
        'the member’s roles',
      )
    },
  },
]

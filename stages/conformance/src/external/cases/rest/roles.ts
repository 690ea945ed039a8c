import { Permission } from '@threshold/contract'
import type { APIGuild, APIGuildMember, APIRole } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, UNKNOWN_ROLE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectSnowflake, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { TestGuild } from '../../test-guild.ts'

const rolesOf = async (guild: TestGuild): Promise<APIRole[]> =>
  (await guild.owner.api.get<APIGuild>(`/guilds/${guild.id}`)).roles
const rolesOfMember = async (guild: TestGuild): Promise<string[]> =>
  (await guild.owner.api.get<APIGuildMember>(`/guilds/${guild.id}/members/${guild.member.id}`))
    .roles

export const roleCases: readonly Case[] = [
  {
    id: 'rest.roles.create',
    title: 'A new role has the given fields, and defaults for the others',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      const fields = {
        name: 'Engineers',
        color: 0x336699,
        hoist: true,
        mentionable: true,
        permissions: '2048',
      }
      const created = await guild.owner.api.post<APIRole>(path, fields)
      expectSnowflake(created.id, 'id')
      expectIncludes(created, { ...fields, managed: false }, 'the role')
      expectTrue(created.position >= 1, 'the role is above @everyone', created.position)
      expectIncludes(
        await guild.owner.api.post(path, {}),
        { name: 'new role', color: 0, hoist: false, mentionable: false },
        'a role with default fields',
      )
      expectIncludes(
        (await rolesOf(guild)).find((role) => role.id === created.id),
        fields,
        'the role in the guild',
      )
      await guild.grantPermissions(guild.member, Permission.ManageRoles)
      expectIncludes(
        await guild.member.api.post(path, { name: 'by a member', permissions: '0' }),
        { name: 'by a member' },
        'a role created with MANAGE_ROLES',
      )
    },
  },
  {
    id: 'rest.roles.get',
    title:
      '`GET /guilds/:id/roles` lists the roles, and `/guilds/:id/roles/:role` answers one or 10011',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      const role = await guild.createRole(2_048n, { name: 'Engineers' })
      expectEqual(await guild.member.api.get(`${path}/${role.id}`), role, 'the role')
      expectIncludes(
        await guild.member.api.get(`${path}/${guild.id}`),
        { id: guild.id, name: '@everyone' },
        '@everyone',
      )
      const listed = await guild.member.api.get<APIRole[]>(path)
      expectEqual(new Set(listed.map((each) => each.id)), new Set([guild.id, role.id]), 'all roles')
      await guild.member.api.expectError(UNKNOWN_ROLE, 'GET', `${path}/${UNKNOWN_ID}`)
      await guild.member.api.expectError(invalid(), 'GET', `${path}/admin`)
      await (await fixture.user('eve')).api.expectError(NO_ACCESS, 'GET', `${path}/${role.id}`)
    },
  },
  {
    id: 'rest.roles.edit',
    title: 'An edit of a role changes only the given fields',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(2_048n, { name: 'before', color: 1 })
      const path = `/guilds/${guild.id}/roles/${role.id}`
      const change = { name: 'after', hoist: true, mentionable: true, permissions: '1024' }
      expectIncludes(
        await guild.owner.api.patch(path, change),
        { id: role.id, color: 1, ...change },
        'the answer',
      )
      expectIncludes(
        (await rolesOf(guild)).find((each) => each.id === role.id),
        { color: 1, ...change },
        'the role',
      )
      const everyone = await guild.owner.api.patch<APIRole>(
        `/guilds/${guild.id}/roles/${guild.id}`,
        { permissions: '1024' },
      )
      expectIncludes(
        everyone,
        { id: guild.id, name: '@everyone', permissions: '1024' },
        '@everyone',
      )
    },
  },
  {
    id: 'rest.roles.delete',
    title: 'Deleting a role removes it from the guild and its members; @everyone cannot be deleted',
    covers: ['rest.route.roles'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.grantPermissions(guild.member, Permission.ManageMessages)
      expectEqual(await rolesOfMember(guild), [role.id], 'the member’s roles')
      await guild.owner.api.expectNoContent('DELETE', `/guilds/${guild.id}/roles/${role.id}`)
      expectEqual(
        (await rolesOf(guild)).map((each) => each.id),
        [guild.id],
        'the guild’s roles',
      )
      expectEqual(await rolesOfMember(guild), [], 'the member’s roles afterwards')
      await guild.owner.api.expectError(
        UNKNOWN_ROLE,
        'DELETE',
        `/guilds/${guild.id}/roles/${role.id}`,
      )
      const everyone = await guild.owner.api.request(
        'DELETE',
        `/guilds/${guild.id}/roles/${guild.id}`,
      )
      expectTrue(
        everyone.status >= 400 && everyone.status < 500,
        '@everyone cannot be deleted',
        everyone,
      )
    },
  },
  {
    id: 'rest.roles.invalid',
    title: 'Each field of a role’s form is checked',
    covers: ['rest.route.roles', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      await guild.owner.api.expectError(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.expectError(invalid('color'), 'POST', path, { color: 0x1000000 })
      await guild.owner.api.expectError(invalid('permissions'), 'POST', path, {
        permissions: 'all',
      })
      await guild.owner.api.expectError(invalid('hoist'), 'POST', path, { hoist: 'yes' })
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PATCH', `${path}/${UNKNOWN_ID}`, {
        name: 'x',
      })
      await guild.owner.api.expectError(invalid(), 'PATCH', `${path}/admin`, { name: 'x' })
    },
  },
]

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
    title: 'A role is made with what it was given, and with defaults for the rest',
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
      const made = await guild.owner.api.post<APIRole>(path, fields)
      expectSnowflake(made.id, 'id')
      expectIncludes(made, { ...fields, managed: false }, 'the role')
      expectTrue(made.position >= 1, 'it stands above @everyone', made.position)
      expectIncludes(
        await guild.owner.api.post(path, {}),
        { name: 'new role', color: 0, hoist: false, mentionable: false },
        'a role by default',
      )
      expectIncludes(
        (await rolesOf(guild)).find((role) => role.id === made.id),
        fields,
        'the role, in the guild',
      )
      await guild.grantPermissions(guild.member, Permission.ManageRoles)
      expectIncludes(
        await guild.member.api.post(path, { name: 'by a member', permissions: '0' }),
        { name: 'by a member' },
        'with MANAGE_ROLES',
      )
    },
  },
  {
    id: 'rest.roles.get',
    title:
      '`GET /guilds/:id/roles` lists the roles, and `/guilds/:id/roles/:role` is one of them; another is 10011',
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
    title: 'A role is edited, and only what the form names changes',
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
    title: 'A deleted role is gone from the guild and from its members; @everyone stays',
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
      expectEqual(await rolesOfMember(guild), [], 'the member’s roles, after')
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
    title: 'A role’s form is checked field by field',
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

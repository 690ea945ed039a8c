import { Permission } from '@threshold/contract'
import type { APIGuild, APIGuildMember, APIRole } from 'discord-api-types/v10'
import { type ExpectedError, invalid, NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectSnowflake, expectTrue } from '../../expect.ts'
import type { TestGuild } from '../../test-guild.ts'

const UNKNOWN_ROLE: ExpectedError = { status: 404, code: 10011 }
const NOTHING = '1000000000000000'

const rolesOf = async (guild: TestGuild): Promise<APIRole[]> =>
  (await guild.owner.api.get<APIGuild>(`/guilds/${guild.id}`)).roles
const rolesOfMember = async (guild: TestGuild): Promise<string[]> =>
  (await guild.owner.api.get<APIGuildMember>(`/guilds/${guild.id}/members/${guild.member.id}`))
    .roles

export const roleCases: readonly Case[] = [
  {
    id: 'rest.roles.create',
    title: 'A role is made with what it was given, and with defaults for the rest',
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
      await guild.member.api.expectError(UNKNOWN_ROLE, 'GET', `${path}/${NOTHING}`)
      await guild.member.api.expectError(invalid(), 'GET', `${path}/admin`)
      await (await fixture.user('eve')).api.expectError(NO_ACCESS, 'GET', `${path}/${role.id}`)
    },
  },
  {
    id: 'rest.roles.member-counts',
    title: '`GET /guilds/:id/roles/member-counts` counts the members of each role but @everyone',
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
    id: 'rest.roles.edit',
    title: 'A role is edited, and only what the form names changes',
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
    id: 'rest.roles.move',
    title: 'Roles are moved by their positions, below one’s own alone',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      const [low, high] = [
        await guild.createRole(0n, { name: 'low' }),
        await guild.createRole(0n, { name: 'high' }),
      ]
      const moved = await guild.owner.api.patch<APIRole[]>(path, [
        { id: high.id, position: 4 },
        { id: low.id, position: 2 },
      ])
      const position = (roles: readonly APIRole[], id: string): number | undefined =>
        roles.find((role) => role.id === id)?.position
      for (const roles of [moved, await rolesOf(guild)]) {
        expectTrue(
          position(roles, high.id)! > position(roles, low.id)!,
          'one stands above the other',
          roles,
        )
        expectEqual(position(roles, guild.id), 0, 'where @everyone stands')
      }
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, [
        { id: low.id, position: 3 },
      ])
      await guild.owner.api.patch(`${path}/${low.id}`, {
        permissions: String(Permission.ManageRoles),
      })
      await guild.giveRole(guild.member, low.id)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, [
        { id: high.id, position: 1 },
      ])
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PATCH', path, [{ id: NOTHING, position: 1 }])
    },
  },
  {
    id: 'rest.roles.move.order',
    title:
      'Who may move a role may name the places of all, as long as those above keep their order',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      const top = await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const [one, two] = [
        await guild.createRole(0n, { name: 'one' }),
        await guild.createRole(0n, { name: 'two' }),
      ]
      // As discord.js and JDA send it: each role with its place in the list, though all began at
      // the same one.
      const inOrder = (...roles: readonly { id: string }[]) =>
        [{ id: guild.id }, ...roles].map(({ id }, position) => ({ id, position }))
      const orderOf = (roles: readonly APIRole[]): string[] =>
        roles.toSorted((a, b) => a.position - b.position).map((role) => role.id)
      for (const order of [inOrder(one, two, top), inOrder(two, one, top)]) {
        const moved = await guild.member.api.patch<APIRole[]>(path, order)
        expectEqual(
          orderOf(moved),
          order.map(({ id }) => id),
          'the answer',
        )
        expectEqual(
          orderOf(await rolesOf(guild)),
          order.map(({ id }) => id),
          'the roles',
        )
      }
      for (const order of [inOrder(two, top, one), inOrder(top, two, one)])
        await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, order)
      expectEqual(
        orderOf(await rolesOf(guild)),
        [guild.id, two.id, one.id, top.id],
        'the roles, after what was refused',
      )
    },
  },
  {
    id: 'rest.roles.delete',
    title: 'A deleted role is gone from the guild and from its members; @everyone stays',
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
    id: 'rest.roles.give',
    title: 'A role is given to a member and taken again, each as often as one likes',
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
      expectEqual(await rolesOfMember(guild), [two.id], 'what is left')
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PUT', path(NOTHING))
      const stranger = await fixture.user('eve')
      await guild.owner.api.expectError(
        { status: 404, code: 10007 },
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
    title: 'Roles given at the same time are all given',
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
  {
    id: 'rest.roles.refused',
    title: 'Roles are managed with MANAGE_ROLES alone (50013)',
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n)
      const at = `/guilds/${guild.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'POST', `${at}/roles`, { name: 'mine' })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `${at}/roles/${role.id}`, {
        name: 'mine',
      })
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${at}/roles/${role.id}`)
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PUT',
        `${at}/members/${guild.member.id}/roles/${role.id}`,
      )
      await guild.member.api.expectError(
        NO_PERMISSION,
        'DELETE',
        `${at}/members/${guild.owner.id}/roles/${role.id}`,
      )
    },
  },
  {
    id: 'rest.roles.invalid',
    title: 'A role’s form is checked field by field',
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
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PATCH', `${path}/${NOTHING}`, { name: 'x' })
      await guild.owner.api.expectError(invalid(), 'PATCH', `${path}/admin`, { name: 'x' })
    },
  },
  {
    id: 'rest.roles.no-escalation',
    title:
      'Nobody gives a role more than they may do themselves, nor touches a role above their own',
    async run(fixture) {
      const guild = await fixture.guild()
      const at = `/guilds/${guild.id}`
      const own = await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const above = await guild.createRole(Permission.Administrator)
      await guild.owner.api.patch(`${at}/roles`, [{ id: above.id, position: 5 }])
      const { api } = guild.member
      await api.expectError(NO_PERMISSION, 'POST', `${at}/roles`, {
        name: 'more',
        permissions: String(Permission.Administrator),
      })
      await api.expectError(NO_PERMISSION, 'PATCH', `${at}/roles/${above.id}`, { name: 'lower' })
      await api.expectError(NO_PERMISSION, 'DELETE', `${at}/roles/${above.id}`)
      await api.expectError(
        NO_PERMISSION,
        'PUT',
        `${at}/members/${guild.member.id}/roles/${above.id}`,
      )
      await api.expectError(NO_PERMISSION, 'PATCH', `${at}/roles/${own.id}`, {
        permissions: String(Permission.Administrator),
      })
      await api.expectError(NO_PERMISSION, 'PATCH', `${at}/roles/${guild.id}`, {
        permissions: String(Permission.BanMembers),
      })
    },
  },
]

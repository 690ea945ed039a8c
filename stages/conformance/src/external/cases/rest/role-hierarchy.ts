import { Permission } from '@threshold/contract'
import type { APIGuild, APIRole } from 'discord-api-types/v10'
import { NO_PERMISSION, UNKNOWN_ROLE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { TestGuild } from '../../test-guild.ts'

const rolesOf = async (guild: TestGuild): Promise<APIRole[]> =>
  (await guild.owner.api.get<APIGuild>(`/guilds/${guild.id}`)).roles

export const roleHierarchyCases: readonly Case[] = [
  {
    id: 'rest.roles.move',
    title: 'Roles are moved by position, only below the user’s own highest role',
    covers: ['rest.route.roles'],
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
          'one role is above the other',
          roles,
        )
        expectEqual(position(roles, guild.id), 0, 'the position of @everyone')
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
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PATCH', path, [
        { id: UNKNOWN_ID, position: 1 },
      ])
    },
  },
  {
    id: 'rest.roles.move.order',
    title:
      'A user who moves roles may send the positions of all roles, if the roles above their ' +
      'own keep their order',
    covers: ['rest.route.roles', 'bites.role-order'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/roles`
      const top = await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const [one, two] = [
        await guild.createRole(0n, { name: 'one' }),
        await guild.createRole(0n, { name: 'two' }),
      ]
      // discord.js and JDA send every role with its index, although all roles start at the same
      // position.
      const inOrder = (...roles: readonly { id: string }[]) =>
        [{ id: guild.id }, ...roles].map(({ id }, position) => ({ id, position }))
      const idsByPosition = (roles: readonly APIRole[]): string[] =>
        roles.toSorted((a, b) => a.position - b.position).map((role) => role.id)
      for (const order of [inOrder(one, two, top), inOrder(two, one, top)]) {
        const moved = await guild.member.api.patch<APIRole[]>(path, order)
        expectEqual(
          idsByPosition(moved),
          order.map(({ id }) => id),
          'the answer',
        )
        expectEqual(
          idsByPosition(await rolesOf(guild)),
          order.map(({ id }) => id),
          'the roles',
        )
      }
      for (const order of [inOrder(two, top, one), inOrder(top, two, one)])
        await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, order)
      expectEqual(
        idsByPosition(await rolesOf(guild)),
        [guild.id, two.id, one.id, top.id],
        'the roles after the refused moves',
      )
    },
  },
  {
    id: 'rest.roles.refused',
    title: 'Managing roles without MANAGE_ROLES is answered 50013',
    covers: ['rest.route.roles', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n)
      const base = `/guilds/${guild.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'POST', `${base}/roles`, { name: 'mine' })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `${base}/roles/${role.id}`, {
        name: 'mine',
      })
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${base}/roles/${role.id}`)
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PUT',
        `${base}/members/${guild.member.id}/roles/${role.id}`,
      )
      await guild.member.api.expectError(
        NO_PERMISSION,
        'DELETE',
        `${base}/members/${guild.owner.id}/roles/${role.id}`,
      )
    },
  },
  {
    id: 'rest.roles.no-escalation',
    title: 'A user cannot give a role more than they have, nor change a role above their own',
    covers: ['rest.route.roles', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const base = `/guilds/${guild.id}`
      const own = await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const above = await guild.createRole(Permission.Administrator)
      await guild.owner.api.patch(`${base}/roles`, [{ id: above.id, position: 5 }])
      const { api } = guild.member
      await api.expectError(NO_PERMISSION, 'POST', `${base}/roles`, {
        name: 'more',
        permissions: String(Permission.Administrator),
      })
      await api.expectError(NO_PERMISSION, 'PATCH', `${base}/roles/${above.id}`, { name: 'lower' })
      await api.expectError(NO_PERMISSION, 'DELETE', `${base}/roles/${above.id}`)
      await api.expectError(
        NO_PERMISSION,
        'PUT',
        `${base}/members/${guild.member.id}/roles/${above.id}`,
      )
      await api.expectError(NO_PERMISSION, 'PATCH', `${base}/roles/${own.id}`, {
        permissions: String(Permission.Administrator),
      })
      await api.expectError(NO_PERMISSION, 'PATCH', `${base}/roles/${guild.id}`, {
        permissions: String(Permission.BanMembers),
      })
    },
  },
]

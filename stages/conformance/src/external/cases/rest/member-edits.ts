import { Permission } from '@threshold/contract'
import {
  invalid,
  NO_ACCESS,
  NO_PERMISSION,
  UNKNOWN_MEMBER,
  UNKNOWN_ROLE,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import { MEMBER_PERMISSIONS } from '../../test-guild.ts'

export const memberEditCases: readonly Case[] = [
  {
    id: 'rest.members.edit',
    title: 'A moderator changes a member’s nick and roles, and null removes the nick',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const role = await guild.createRole(0n)
      const change = { nick: 'Bobby', roles: [role.id] }
      expectIncludes(await guild.owner.api.patch(path, change), change, 'the answer')
      expectIncludes(await guild.member.api.get(path), change, 'the member')
      expectIncludes(
        await guild.owner.api.patch(path, { nick: null, roles: [] }),
        { nick: null, roles: [] },
        'after the fields were set to null',
      )
    },
  },
  {
    id: 'rest.members.edit.self',
    title: 'A member changes their own nick, and no other field',
    covers: ['rest.route.members', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n)
      const own = `/guilds/${guild.id}/members/@me`
      expectIncludes(
        await guild.member.api.patch(own, { nick: 'B' }),
        { nick: 'B' },
        'the user’s own answer',
      )
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PATCH',
        `/guilds/${guild.id}/members/${guild.member.id}`,
        { roles: [role.id] },
      )
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PATCH',
        `/guilds/${guild.id}/members/${guild.owner.id}`,
        { nick: 'A' },
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(MEMBER_PERMISSIONS & ~Permission.ChangeNickname),
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', own, { nick: 'C' })
    },
  },
  {
    id: 'rest.members.edit.nick',
    title:
      '`PATCH …/members/@me/nick` changes the user’s own nick and answers it, for older libraries',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const base = `/guilds/${guild.id}/members`
      for (const [given, nick] of [
        ['B', 'B'] as const,
        ['', null] as const,
        ['Bob', 'Bob'] as const,
        [null, null] as const,
      ]) {
        expectEqual(
          await guild.member.api.patch(`${base}/@me/nick`, { nick: given }),
          { nick },
          'the answer',
        )
        expectIncludes(
          await guild.owner.api.get(`${base}/${guild.member.id}`),
          { nick },
          'the member',
        )
      }
      const long = { nick: 'x'.repeat(33) }
      await guild.member.api.expectError(
        invalid('nick', 'BASE_TYPE_MAX_LENGTH'),
        'PATCH',
        `${base}/@me/nick`,
        long,
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(MEMBER_PERMISSIONS & ~Permission.ChangeNickname),
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `${base}/@me/nick`, { nick: 'C' })
      await (await fixture.user('eve')).api.expectError(NO_ACCESS, 'PATCH', `${base}/@me/nick`, {
        nick: 'E',
      })
    },
  },
  {
    id: 'rest.members.edit.unsupported',
    title: 'A time-out, and a move of another member in voice, are refused by name',
    covers: ['errors.50035', 'errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const until = new Date(Date.now() + 60_000).toISOString()
      const timeout = { nick: 'late', communication_disabled_until: until }
      await guild.owner.api.expectError(
        invalid('communication_disabled_until'),
        'PATCH',
        path,
        timeout,
      )
      for (const channel_id of [guild.voiceChannelId, null])
        await guild.owner.api.expectError(invalid('channel_id'), 'PATCH', path, { channel_id })
      expectIncludes(
        await guild.owner.api.get(path),
        { nick: null, communication_disabled_until: null },
        'the member',
      )
      expectIncludes(
        await guild.owner.api.patch(path, { nick: 'B', communication_disabled_until: null }),
        { nick: 'B' },
        'an edit with a null time-out',
      )
    },
  },
  {
    id: 'rest.members.edit.refused',
    title:
      'An edit of a member needs a valid form, existing roles, and a higher role than the member’s',
    covers: ['rest.route.members', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      await guild.owner.api.expectError(invalid('nick', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        nick: 'x'.repeat(33),
      })
      await guild.owner.api.expectError(invalid('roles.0'), 'PATCH', path, { roles: ['admin'] })
      await guild.owner.api.expectError(UNKNOWN_ROLE, 'PATCH', path, {
        roles: [UNKNOWN_ID],
      })
      const cy = await guild.newMember('cy')
      await guild.grantPermissions(cy, Permission.ManageNicknames | Permission.ManageRoles)
      const above = await guild.createRole(0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/roles`, [{ id: above.id, position: 5 }])
      await guild.giveRole(guild.member, above.id)
      await cy.api.expectError(NO_PERMISSION, 'PATCH', path, { nick: 'lower' })
      await cy.api.expectError(NO_PERMISSION, 'PATCH', path, { roles: [] })
      const eve = await fixture.user('eve')
      await guild.owner.api.expectError(
        UNKNOWN_MEMBER,
        'PATCH',
        `/guilds/${guild.id}/members/${eve.id}`,
        { nick: 'E' },
      )
    },
  },
]

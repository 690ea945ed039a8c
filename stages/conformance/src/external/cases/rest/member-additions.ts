import { Permission } from '@threshold/contract'
import type { APIGuildMember } from 'discord-api-types/v10'
import {
  type ExpectedError,
  invalid,
  NO_ACCESS,
  NO_PERMISSION,
  UNKNOWN_MEMBER,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { MEMBER_PERMISSIONS } from '../../test-guild.ts'

export const memberAdditionCases: readonly Case[] = [
  {
    id: 'rest.members.add',
    title:
      '`PUT {access_token}` adds a member: 201 with the member, or 204 if they are one already',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await fixture.user('cy')
      const path = `/guilds/${guild.id}/members/${cy.id}`
      const first = await guild.member.api.request('PUT', path, { access_token: cy.token })
      expectEqual(first.status, 201, 'status')
      expectIncludes((first.body as APIGuildMember).user, { id: cy.id }, 'the member')
      await guild.member.api.expectNoContent('PUT', path, { access_token: cy.token })
      await cy.api.get(`/guilds/${guild.id}`)
      expectIncludes(
        await guild.owner.api.get(`/guilds/${guild.id}?with_counts=true`),
        { approximate_member_count: 3 },
        'the count',
      )
    },
  },
  {
    id: 'rest.members.add.with',
    title: 'A user who may manage nicknames and roles adds a member with a nick and roles',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, dan] = [await fixture.user('cy'), await fixture.user('dan')]
      const role = await guild.createRole(0n)
      await guild.addMember(cy, { nick: 'Cy', roles: [role.id] })
      expectIncludes(
        await guild.owner.api.get(`/guilds/${guild.id}/members/${cy.id}`),
        { nick: 'Cy', roles: [role.id] },
        'the member',
      )
      const path = `/guilds/${guild.id}/members/${dan.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', path, {
        access_token: dan.token,
        nick: 'D',
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', path, {
        access_token: dan.token,
        roles: [role.id],
      })
      await guild.owner.api.expectError(UNKNOWN_MEMBER, 'GET', path)
    },
  },
  {
    id: 'rest.members.add.refused',
    title: 'Adding a member needs the user’s own token and CREATE_INSTANT_INVITE',
    covers: ['rest.route.members'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, eve] = [await fixture.user('cy'), await fixture.user('eve')]
      const path = `/guilds/${guild.id}/members/${cy.id}`
      const invalidToken: ExpectedError = { status: 403, code: 50025 }
      await guild.owner.api.expectError(invalidToken, 'PUT', path, {
        access_token: guild.owner.token,
      })
      await guild.owner.api.expectError(invalidToken, 'PUT', path, { access_token: 'nonsense' })
      await guild.owner.api.expectError(
        invalid('access_token', 'BASE_TYPE_REQUIRED'),
        'PUT',
        path,
        {},
      )
      await guild.owner.api.expectError(invalid('access_token'), 'PUT', path, {
        access_token: { $gt: '' },
      })
      await guild.owner.api.expectError(invalid('nick', 'BASE_TYPE_MAX_LENGTH'), 'PUT', path, {
        access_token: cy.token,
        nick: 'x'.repeat(33),
      })
      await eve.api.expectError(NO_ACCESS, 'PUT', path, { access_token: cy.token })
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(MEMBER_PERMISSIONS & ~Permission.CreateInstantInvite),
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', path, { access_token: cy.token })
      await guild.owner.api.expectError(UNKNOWN_MEMBER, 'GET', path)
    },
  },
]

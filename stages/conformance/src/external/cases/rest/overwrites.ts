import { Permission } from '@threshold/contract'
import type { APIGuildChannel, GuildChannelType } from 'discord-api-types/v10'
import { invalid, NO_PERMISSION, UNKNOWN_ROLE, UNKNOWN_USER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { TestGuild } from '../../test-guild.ts'

const { Administrator, ManageChannels, ManageMessages, ManageRoles } = Permission

const allowManagingChannelsAndRoles = async (guild: TestGuild): Promise<void> =>
  void (await guild.grantPermissions(guild.member, ManageRoles | ManageChannels))
const pathOf = (guild: TestGuild, target: string, channel = guild.textChannelId): string =>
  `/channels/${channel}/permissions/${target}`

export const overwriteCases: readonly Case[] = [
  {
    id: 'rest.overwrites.type',
    title:
      'Changing an overwrite’s type needs the permission that its bits need: it neither lifts ' +
      'a denial nor moves an allowance to another target',
    covers: ['rest.overwrites.type'],
    async run(fixture) {
      const guild = await fixture.guild()
      await allowManagingChannelsAndRoles(guild)
      const { member, textChannelId: text } = guild
      const { id } = await guild.send('the owner’s')
      await guild.setOverwrite(text, guild.id, 0, { allow: ManageMessages })
      await guild.setOverwrite(text, member.id, 1, { deny: ManageMessages })
      const channel = await guild.owner.api.get<APIGuildChannel<GuildChannelType>>(
        `/channels/${text}`,
      )
      const permission_overwrites = channel.permission_overwrites!.map((o) =>
        o.id === member.id ? { ...o, type: 0 } : o,
      )
      await member.api.expectError(NO_PERMISSION, 'PATCH', `/channels/${text}`, {
        permission_overwrites,
      })
      await member.api.expectError(NO_PERMISSION, 'PUT', pathOf(guild, member.id), {
        type: 0,
        deny: String(ManageMessages),
      })
      await member.api.expectError(NO_PERMISSION, 'DELETE', `/channels/${text}/messages/${id}`)

      const role = await guild.createRole(0n)
      const side = await guild.createChannel({
        permission_overwrites: [{ id: role.id, type: 0, allow: String(ManageMessages) }],
      })
      await member.api.expectError(NO_PERMISSION, 'PUT', pathOf(guild, role.id, side.id), {
        type: 1,
        allow: String(ManageMessages),
      })
    },
  },
  {
    id: 'rest.overwrites.unknown',
    title:
      'An overwrite for an unknown role is answered 10011 and for an unknown user 10013, on ' +
      'every route',
    covers: ['rest.overwrites.type'],
    async run(fixture) {
      const guild = await fixture.guild()
      const stranger = await fixture.user('eve')
      for (const [type, error] of [
        [0, UNKNOWN_ROLE],
        [1, UNKNOWN_USER],
      ] as const) {
        const overwrite = { id: stranger.id, type, allow: '0', deny: '0' }
        const list = { permission_overwrites: [overwrite] }
        await guild.owner.api.expectError(error, 'POST', `/guilds/${guild.id}/channels`, {
          name: 'odd',
          ...list,
        })
        await guild.owner.api.expectError(error, 'PATCH', `/channels/${guild.textChannelId}`, list)
        await guild.owner.api.expectError(error, 'PUT', pathOf(guild, stranger.id), { type })
      }
    },
  },
  {
    id: 'rest.overwrites.role-deleted',
    title: 'Deleting a role deletes its overwrites and sends a CHANNEL_UPDATE for the channel',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const role = await guild.createRole(0n)
      await guild.setOverwrite(guild.textChannelId, role.id, 0, { deny: ManageMessages })
      await owner.nextEvent('CHANNEL_UPDATE')
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      const event = await owner.nextEvent(
        'CHANNEL_UPDATE',
        (channel) => channel.id === guild.textChannelId,
      )
      expectEqual(
        (event as { permission_overwrites?: unknown }).permission_overwrites,
        [],
        'the overwrites in the event',
      )
      const { permission_overwrites } = await guild.owner.api.get<{
        permission_overwrites: unknown
      }>(`/channels/${guild.textChannelId}`)
      expectEqual(permission_overwrites, [], 'the overwrites')
    },
  },
  {
    id: 'rest.overwrites.manage-roles',
    title:
      'Only an administrator can allow MANAGE_ROLES in an overwrite; a member allowed it by an ' +
      'overwrite can change every permission in that channel',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      await allowManagingChannelsAndRoles(guild)
      const { member, textChannelId: text } = guild
      const overwrites = [{ id: member.id, type: 1, allow: String(ManageRoles) }]
      const create = { name: 'mine', permission_overwrites: overwrites }
      await member.api.expectError(NO_PERMISSION, 'POST', `/guilds/${guild.id}/channels`, create)
      await member.api.expectError(NO_PERMISSION, 'PUT', pathOf(guild, member.id), overwrites[0])
      await member.api.expectError(NO_PERMISSION, 'PATCH', `/channels/${text}`, {
        permission_overwrites: overwrites,
      })

      const cy = await guild.newMember('cy')
      await guild.grantPermissions(cy, Administrator)
      expectEqual(
        (await cy.api.request('POST', `/guilds/${guild.id}/channels`, create)).status,
        201,
        'the status of an administrator’s request',
      )

      const dan = await guild.newMember('dan')
      await guild.setOverwrite(text, dan.id, 1, { allow: ManageRoles })
      const overwrite = { type: 1, allow: String(ManageMessages) }
      expectEqual(
        (await dan.api.request('PUT', pathOf(guild, guild.member.id), overwrite)).status,
        204,
        'the status of PUT with any bit',
      )
    },
  },
  {
    id: 'rest.overwrites.channel-only',
    title: 'A member cannot give others a permission that they have only through an overwrite',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      await allowManagingChannelsAndRoles(guild)
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, { allow: ManageMessages })
      const cy = await guild.newMember('cy')
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', pathOf(guild, cy.id), {
        type: 1,
        allow: String(ManageMessages),
      })
    },
  },
  {
    id: 'rest.overwrites.put',
    title: 'PUT creates or replaces the overwrite of a role or a member',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n)
      const path = `/channels/${guild.textChannelId}/permissions`
      const overwrites = async (): Promise<unknown> =>
        (
          await guild.owner.api.get<{ permission_overwrites: unknown }>(
            `/channels/${guild.textChannelId}`,
          )
        ).permission_overwrites
      await guild.owner.api.expectNoContent('PUT', `${path}/${role.id}`, {
        type: 0,
        allow: '2048',
        deny: '64',
      })
      expectEqual(
        await overwrites(),
        [{ id: role.id, type: 0, allow: '2048', deny: '64' }],
        'an overwrite for a role',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${role.id}`, { type: 0, deny: '2048' })
      expectEqual(
        await overwrites(),
        [{ id: role.id, type: 0, allow: '0', deny: '2048' }],
        'the replaced overwrite',
      )
      await guild.owner.api.expectNoContent('PUT', `${path}/${guild.member.id}`, {
        type: 1,
        allow: '2048',
      })
      expectEqual(
        ((await overwrites()) as { id: string }[]).map((each) => each.id).toSorted(),
        [role.id, guild.member.id].toSorted(),
        'the overwrites with one for a member',
      )
      await guild.owner.api.expectNoContent('DELETE', `${path}/${role.id}`)
      expectEqual(
        await overwrites(),
        [{ id: guild.member.id, type: 1, allow: '2048', deny: '0' }],
        'what remains',
      )
    },
  },
  {
    id: 'rest.overwrites.refused',
    title:
      'An overwrite needs MANAGE_ROLES and a valid form, and allows nothing that the user may ' +
      'not do',
    covers: ['rest.route.channels', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/permissions`
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: '0',
        deny: '2048',
      })
      await guild.grantPermissions(guild.member, Permission.ManageRoles)
      const allow = String(Permission.ManageMessages)
      await guild.member.api.expectError(NO_PERMISSION, 'PUT', `${path}/${guild.member.id}`, {
        type: 1,
        allow,
        deny: '0',
      })
      await guild.owner.api.expectError(invalid('type'), 'PUT', `${path}/${guild.id}`, { type: 7 })
      await guild.owner.api.expectError(invalid('allow'), 'PUT', `${path}/${guild.id}`, {
        type: 0,
        allow: 'all',
      })
      await guild.owner.api.expectError(invalid(), 'PUT', `${path}/everyone`, {
        type: 0,
        allow: '0',
        deny: '0',
      })
      await guild.owner.api.expectError(
        { status: 404, code: 10009 },
        'DELETE',
        `${path}/${UNKNOWN_ID}`,
      )
    },
  },
]

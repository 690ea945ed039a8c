import { Permission } from '@threshold/contract'
import type { APIExtendedInvite, APIInvite } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_INVITE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTimestamp, expectTrue } from '../../expect.ts'
import { MEMBER_PERMISSIONS } from '../../test-guild.ts'

export const inviteCases: readonly Case[] = [
  {
    id: 'rest.invites.create',
    title: 'A new invite is valid for a day, unless the form says otherwise',
    covers: ['rest.route.typing-and-invites', 'bites.times'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      const invite = await guild.member.api.post<APIExtendedInvite>(path, {})
      expectTrue(
        typeof invite.code === 'string' && /^[\w-]{2,}$/.test(invite.code),
        'it has a code',
        invite,
      )
      expectIncludes(invite, { max_age: 86_400, max_uses: 0, temporary: false }, 'the invite')
      expectIncludes(invite.guild, { id: guild.id, name: guild.name }, 'its guild')
      expectIncludes(
        invite.channel,
        { id: guild.textChannelId, type: 0, name: 'text' },
        'its channel',
      )
      expectIncludes(invite.inviter, { id: guild.member.id }, 'the inviter')
      for (const time of [invite.created_at, invite.expires_at])
        expectTimestamp(time, 'created_at or expires_at')
      expectIncludes(
        await guild.member.api.post(path, { max_age: 60, max_uses: 3 }),
        { max_age: 60, max_uses: 3 },
        'the invite with the given fields',
      )
      const bodiless = await guild.member.api.post<APIInvite>(path)
      expectTrue(bodiless.code !== invite.code, 'a request without a body creates another invite')
    },
  },
  {
    id: 'rest.invites.get',
    title: 'Any user with the code sees the invite; an unknown code is answered 10006',
    covers: ['rest.route.typing-and-invites', 'errors.10006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { code } = await guild.owner.api.post<APIInvite>(
        `/channels/${guild.textChannelId}/invites`,
        {},
      )
      const stranger = await fixture.user('eve')
      const found = await stranger.api.get<APIInvite>(`/invites/${code}`)
      expectIncludes(found, { code }, 'the invite')
      expectIncludes(found.guild, { id: guild.id, name: guild.name, nsfw: false }, 'its guild')
      expectIncludes(found.channel, { id: guild.textChannelId }, 'its channel')
      for (const unknown of ['nonsense', 'a'.repeat(40), encodeURIComponent('{"$gt":""}')])
        await stranger.api.expectError(UNKNOWN_INVITE, 'GET', `/invites/${unknown}`)
    },
  },
  {
    id: 'rest.invites.list',
    title: 'A channel’s invites are listed to users who may manage the channel',
    covers: ['rest.route.typing-and-invites'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      const created = [
        await guild.owner.api.post<APIInvite>(path, {}),
        await guild.member.api.post<APIInvite>(path, { max_uses: 2 }),
      ]
      const listed = await guild.owner.api.get<APIExtendedInvite[]>(path)
      expectEqual(
        listed.map((invite) => invite.code).toSorted(),
        created.map((invite) => invite.code).toSorted(),
        'the codes',
      )
      expectIncludes(
        listed.find((invite) => invite.code === created[1]!.code),
        { max_uses: 2, max_age: 86_400 },
        'one of the invites',
      )
      await guild.member.api.expectError(NO_PERMISSION, 'GET', path)
      expectEqual(
        await guild.owner.api.get(`/channels/${guild.voiceChannelId}/invites`),
        [],
        'the other channel’s invites',
      )
    },
  },
  {
    id: 'rest.invites.list-guild',
    title:
      'A guild’s invites are listed to users with MANAGE_GUILD, and without their uses to ' +
      'users with VIEW_AUDIT_LOG',
    covers: ['rest.route.typing-and-invites'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/invites`
      expectEqual(await guild.owner.api.get(path), [], 'a new guild’s')
      const hidden = await guild.createHiddenChannel()
      const created = await Promise.all(
        [guild.textChannelId, guild.voiceChannelId, hidden.id].map((id) =>
          guild.owner.api.post<APIInvite>(`/channels/${id}/invites`, { max_uses: 2 }),
        ),
      )
      await guild.member.api.expectError(NO_PERMISSION, 'GET', path)
      await (await fixture.user('eve')).api.expectError(NO_ACCESS, 'GET', path)
      await guild.grantPermissions(guild.member, Permission.ViewAuditLog)
      const listed = async (): Promise<APIExtendedInvite[]> =>
        (await guild.member.api.get<APIExtendedInvite[]>(path)).toSorted((a, b) =>
          a.code.localeCompare(b.code),
        )
      const codes = created.map((invite) => invite.code).toSorted((a, b) => a.localeCompare(b))
      const plain = await listed()
      expectEqual(
        plain.map((invite) => invite.code),
        codes,
        'the codes',
      )
      expectTrue(
        plain.every((invite) => !('uses' in invite) && !('max_uses' in invite)),
        'invites for VIEW_AUDIT_LOG have no uses',
        plain,
      )
      await guild.grantPermissions(guild.member, Permission.ManageGuild)
      for (const invite of await listed())
        expectIncludes(invite, { uses: 0, max_uses: 2, temporary: false }, 'for a manager')
    },
  },
  {
    id: 'rest.invites.refused',
    title: 'An invite needs CREATE_INSTANT_INVITE and a form within Discord’s limits',
    covers: ['rest.route.typing-and-invites', 'errors.50013', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      for (const max_age of [-1, 604_801, 'long'])
        await guild.owner.api.expectError(invalid('max_age'), 'POST', path, { max_age })
      for (const max_uses of [-1, 101, {}])
        await guild.owner.api.expectError(invalid('max_uses'), 'POST', path, { max_uses })
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(MEMBER_PERMISSIONS & ~Permission.CreateInstantInvite),
      })
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, {})
    },
  },
]

import { Permission } from '@threshold/contract'
import { invalid, NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'

export const channelEditCases: readonly Case[] = [
  {
    id: 'rest.channels.edit',
    title: 'A user with MANAGE_CHANNELS edits a channel, and only the given fields change',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      const category = await guild.createChannel({ type: 4 })
      const change = {
        name: 'renamed',
        topic: 'what for',
        nsfw: true,
        rate_limit_per_user: 5,
        position: 2,
        parent_id: category.id,
      }
      expectIncludes(
        await guild.owner.api.patch(path, change),
        { id: guild.textChannelId, ...change },
        'the answer',
      )
      expectIncludes(
        await guild.owner.api.patch(path, { topic: null, parent_id: null }),
        { ...change, topic: null, parent_id: null },
        'after the fields were set to null',
      )
      expectIncludes(
        await guild.member.api.get(path),
        { ...change, topic: null, parent_id: null },
        'the channel',
      )
      expectIncludes(
        await guild.owner.api.patch(`/channels/${guild.voiceChannelId}`, {
          bitrate: 9_000,
          user_limit: 2,
        }),
        { bitrate: 9_000, user_limit: 2 },
        'a voice channel',
      )
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, {
        allow: Permission.ManageChannels,
      })
      expectIncludes(
        await guild.member.api.patch(path, { name: 'by-a-member' }),
        { name: 'by-a-member' },
        'an edit with MANAGE_CHANNELS in the channel',
      )
    },
  },
  {
    id: 'rest.channels.edit.refused',
    title: 'Without MANAGE_CHANNELS or with an invalid form, an edit changes nothing',
    covers: ['rest.route.channels', 'errors.50013', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      const before = await guild.owner.api.get(path)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { name: 'taken-over' })
      await guild.owner.api.expectError(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.expectError(invalid('topic'), 'PATCH', path, { name: 'half', topic: 7 })
      await guild.owner.api.expectError(invalid('rate_limit_per_user'), 'PATCH', path, {
        rate_limit_per_user: 21_601,
      })
      await guild.owner.api.expectError(invalid('parent_id'), 'PATCH', path, {
        parent_id: guild.voiceChannelId,
      })
      await guild.owner.api.expectError(invalid('type'), 'PATCH', path, { type: 2 })
      expectEqual(await guild.owner.api.get(path), before, 'the channel')
    },
  },
  {
    id: 'rest.channels.edit.overwrites',
    title: 'PATCH replaces all overwrites of a channel, and needs MANAGE_ROLES',
    covers: ['rest.route.channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, {
        allow: Permission.ManageChannels,
      })
      const hide = [{ id: guild.id, type: 0, allow: '0', deny: String(Permission.ViewChannel) }]
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, {
        permission_overwrites: hide,
      })
      expectIncludes(
        await guild.owner.api.patch(path, { permission_overwrites: hide }),
        { permission_overwrites: hide },
        'the channel',
      )
      await guild.member.api.expectError(NO_ACCESS, 'GET', path)
      await guild.owner.api.patch(path, { permission_overwrites: [] })
      await guild.member.api.get(path)
    },
  },
]

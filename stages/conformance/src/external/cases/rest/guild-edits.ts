import { Permission } from '@threshold/contract'
import type { APIGuild } from 'discord-api-types/v10'
import { invalid, NO_PERMISSION, UNKNOWN_CHANNEL, UNKNOWN_GUILD } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'

export const guildEditCases: readonly Case[] = [
  {
    id: 'rest.guilds.edit',
    title: 'A user with MANAGE_GUILD edits a guild, and only the given fields change',
    covers: ['rest.route.guilds'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      const before = await guild.owner.api.get<APIGuild>(path)
      const change = {
        name: 'renamed',
        description: 'what it is about',
        afk_timeout: 60,
        system_channel_id: guild.textChannelId,
        afk_channel_id: guild.voiceChannelId,
      }
      expectIncludes(await guild.owner.api.patch(path, change), change, 'the answer')
      const after = await guild.member.api.get<APIGuild>(path)
      expectIncludes(after, change, 'the guild')
      expectIncludes(
        after,
        {
          owner_id: before.owner_id,
          verification_level: before.verification_level,
          preferred_locale: before.preferred_locale,
        },
        'the unchanged fields',
      )
      expectIncludes(
        await guild.owner.api.patch(path, { description: null, system_channel_id: null }),
        { description: null, system_channel_id: null, name: 'renamed' },
        'after the fields were set to null',
      )
      await guild.grantPermissions(guild.member, Permission.ManageGuild)
      expectIncludes(
        await guild.member.api.patch(path, { name: 'by a member' }),
        { name: 'by a member' },
        'an edit with MANAGE_GUILD',
      )
    },
  },
  {
    id: 'rest.guilds.edit.refused',
    title: 'Without MANAGE_GUILD or with an invalid form, an edit changes nothing',
    covers: ['rest.route.guilds', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { name: 'taken over' })
      for (const name of ['', 'x', 'x'.repeat(101), {}])
        await guild.owner.api.expectError(invalid('name'), 'PATCH', path, { name })
      await guild.owner.api.expectError(invalid('afk_timeout'), 'PATCH', path, {
        name: 'half',
        afk_timeout: 'long',
      })
      for (const afk_timeout of [0, 61, 120, 3_601])
        await guild.owner.api.expectError(
          invalid('afk_timeout', 'BASE_TYPE_CHOICES'),
          'PATCH',
          path,
          {
            name: 'half',
            afk_timeout,
          },
        )
      const category = await guild.createChannel({ name: 'a category', type: 4 })
      for (const system_channel_id of [guild.voiceChannelId, category.id])
        await guild.owner.api.expectError(invalid('system_channel_id'), 'PATCH', path, {
          name: 'half',
          system_channel_id,
        })
      for (const afk_channel_id of [guild.textChannelId, category.id])
        await guild.owner.api.expectError(invalid('afk_channel_id'), 'PATCH', path, {
          name: 'half',
          afk_channel_id,
        })
      expectIncludes(await guild.owner.api.get(path), { name: guild.name }, 'the guild')
    },
  },
  {
    id: 'rest.guilds.edit.owner',
    title: 'Only the owner transfers a guild, and then loses the owner’s rights',
    covers: ['rest.route.guilds', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      await guild.grantPermissions(guild.member, Permission.Administrator)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, {
        owner_id: guild.member.id,
      })
      expectIncludes(
        await guild.owner.api.patch(path, { owner_id: guild.member.id }),
        { owner_id: guild.member.id },
        'the guild',
      )
      await guild.owner.api.expectError(NO_PERMISSION, 'DELETE', path)
      await guild.member.api.expectNoContent('DELETE', path)
    },
  },
  {
    id: 'rest.guilds.delete',
    title: 'Only the owner deletes a guild; the guild and its channels are then unknown',
    covers: ['rest.route.guilds', 'errors.10003', 'errors.10004'],
    async run(fixture) {
      const guild = await fixture.guild()
      const message = await guild.send('hello')
      await guild.grantPermissions(guild.member, Permission.Administrator)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `/guilds/${guild.id}`)
      await guild.owner.api.expectNoContent('DELETE', `/guilds/${guild.id}`)
      for (const user of [guild.owner, guild.member]) {
        await user.api.expectError(UNKNOWN_GUILD, 'GET', `/guilds/${guild.id}`)
        await user.api.expectError(UNKNOWN_CHANNEL, 'GET', `/channels/${guild.textChannelId}`)
        await user.api.expectError(
          UNKNOWN_CHANNEL,
          'GET',
          `/channels/${guild.textChannelId}/messages/${message.id}`,
        )
        await user.api.expectError(
          UNKNOWN_CHANNEL,
          'POST',
          `/channels/${guild.textChannelId}/messages`,
          {
            content: 'anybody?',
          },
        )
        expectEqual(await user.api.get('/users/@me/guilds'), [], 'the user’s guilds')
      }
      await guild.owner.api.expectError(UNKNOWN_GUILD, 'DELETE', `/guilds/${guild.id}`)
    },
  },
]

import { Permission } from '@threshold/contract'
import type { APIChannel } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'

export const guildChannelCases: readonly Case[] = [
  {
    id: 'rest.guilds.channels.list',
    title: '`GET /guilds/:id/channels` lists the guild’s channels',
    covers: ['rest.route.guild-channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const list = await guild.member.api.get<APIChannel[]>(`/guilds/${guild.id}/channels`)
      for (const [channel, type] of [
        [guild.textChannelId, 0],
        [guild.voiceChannelId, 2],
      ] as const) {
        const listed = list.find((each) => each.id === channel)
        expectIncludes(listed, { type, guild_id: guild.id }, 'a channel of the list')
        expectEqual(
          listed as unknown,
          await guild.member.api.get(`/channels/${channel}`),
          'the channel in the list and by its own route',
        )
      }
    },
  },
  {
    id: 'rest.guilds.channels.create',
    title:
      'A user with MANAGE_CHANNELS creates text, voice, announcement and category channels ' +
      'with the given fields',
    covers: ['rest.route.guild-channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const response = await guild.owner.api.request('POST', path, { name: 'plain' })
      expectEqual(response.status, 201, 'status')
      expectIncludes(
        response.body,
        {
          type: 0,
          name: 'plain',
          guild_id: guild.id,
          topic: null,
          parent_id: null,
          nsfw: false,
          permission_overwrites: [],
        },
        'a plain channel',
      )
      const category = await guild.createChannel({ name: 'a category', type: 4 })
      expectIncludes(category, { type: 4, name: 'a category' }, 'a category')
      const text = {
        name: 'text',
        topic: 'what for',
        nsfw: true,
        rate_limit_per_user: 10,
        position: 3,
        parent_id: category.id,
      }
      expectIncludes(await guild.createChannel(text), { type: 0, ...text }, 'a text channel')
      expectIncludes(
        await guild.createChannel({ name: 'call', type: 2, bitrate: 32_000, user_limit: 5 }),
        { type: 2, bitrate: 32_000, user_limit: 5 },
        'a voice channel',
      )
      expectIncludes(
        await guild.createChannel({ name: 'news', type: 5 }),
        { type: 5 },
        'an announcement channel',
      )
      await guild.grantPermissions(guild.member, Permission.ManageChannels)
      expectIncludes(
        await guild.member.api.post(path, { name: 'by-a-member' }),
        { name: 'by-a-member' },
        'a channel created with MANAGE_CHANNELS',
      )
    },
  },
  {
    id: 'rest.guilds.channels.names',
    title:
      'Names of text and announcement channels become lower case, with one dash for each run ' +
      'of blanks and dashes',
    covers: ['rest.route.guild-channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const type of [0, 5]) {
        expectIncludes(
          await guild.createChannel({ name: 'My Cool  Channel', type }),
          { name: 'my-cool-channel' },
          'a new channel',
        )
        expectIncludes(
          await guild.createChannel({ name: ' Über -- Öl\t', type }),
          { name: 'über-öl' },
          'with blanks and dashes',
        )
      }
      for (const type of [2, 4])
        expectIncludes(
          await guild.createChannel({ name: 'My Cool  Channel', type }),
          { name: 'My Cool  Channel' },
          'a channel of another type',
        )
      expectIncludes(
        await guild.owner.api.patch(`/channels/${guild.textChannelId}`, { name: 'New Name' }),
        { name: 'new-name' },
        'a renamed channel',
      )
      await guild.owner.api.expectError(
        invalid('name', 'BASE_TYPE_BAD_LENGTH'),
        'POST',
        `/guilds/${guild.id}/channels`,
        { name: '- -' },
      )
    },
  },
  {
    id: 'rest.guilds.channels.create.overwrites',
    title: 'A new channel’s `permission_overwrites` take effect at once',
    covers: ['rest.route.guild-channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const view = String(Permission.ViewChannel)
      const permission_overwrites = [
        { id: guild.id, type: 0, allow: '0', deny: view },
        { id: cy.id, type: 1, allow: view, deny: '0' },
      ]
      const channel = await guild.createChannel({ permission_overwrites })
      expectIncludes(channel, { permission_overwrites }, 'the channel')
      await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${channel.id}`)
      await guild.member.api.expectError(NO_ACCESS, 'POST', `/channels/${channel.id}/messages`, {
        content: 'hi',
      })
      await cy.api.post(`/channels/${channel.id}/messages`, { content: 'hi' })
    },
  },
  {
    id: 'rest.guilds.channels.create.refused',
    title: 'Without MANAGE_CHANNELS or with an invalid form, no channel is created',
    covers: ['rest.route.guild-channels', 'errors.50013', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const count = async (): Promise<number> =>
        (await guild.owner.api.get<APIChannel[]>(path)).length
      const before = await count()
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, { name: 'mine' })
      await guild.owner.api.expectError(invalid('name', 'BASE_TYPE_REQUIRED'), 'POST', path, {})
      await guild.owner.api.expectError(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.expectError(invalid('type'), 'POST', path, { name: 'odd', type: 99 })
      await guild.owner.api.expectError(invalid('topic', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        name: 'odd',
        topic: 'x'.repeat(1_025),
      })
      await guild.owner.api.expectError(invalid('parent_id'), 'POST', path, {
        name: 'odd',
        parent_id: guild.textChannelId,
      })
      await guild.owner.api.expectError(invalid('permission_overwrites.0.id'), 'POST', path, {
        name: 'odd',
        permission_overwrites: [{ id: 'x', type: 0 }],
      })
      expectEqual(await count(), before, 'the number of channels')
    },
  },
  {
    id: 'rest.guilds.channels.create.no-escalation',
    title: 'A new channel’s overwrites allow nothing that their creator may not do',
    covers: ['rest.route.guild-channels'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.grantPermissions(guild.member, Permission.ManageChannels | Permission.ManageRoles)
      const overwrite = { id: guild.member.id, type: 1, allow: String(Permission.ManageMessages) }
      await guild.member.api.expectError(NO_PERMISSION, 'POST', `/guilds/${guild.id}/channels`, {
        name: 'mine',
        permission_overwrites: [overwrite],
      })
    },
  },
]

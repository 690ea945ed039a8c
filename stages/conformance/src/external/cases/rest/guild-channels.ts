import { Permission } from '@threshold/contract'
import type { APIChannel } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { includes, same } from '../../expect.ts'
import { invalid, NO_ACCESS, NO_PERMISSION } from '../../rest.ts'

export const guildChannelCases: readonly Case[] = [
  {
    id: 'rest.guilds.channels.list',
    sentence: '`/guilds/:id/channels` lists a guild’s channels',
    async run(world) {
      const guild = await world.guild()
      const list = await guild.member.api.get<APIChannel[]>(`/guilds/${guild.id}/channels`)
      for (const [channel, type] of [
        [guild.text, 0],
        [guild.voice, 2],
      ] as const) {
        const listed = list.find((each) => each.id === channel)
        includes(listed, { type, guild_id: guild.id }, 'a channel of the list')
        same(
          listed as unknown,
          await guild.member.api.get(`/channels/${channel}`),
          'the channel, listed and by itself',
        )
      }
    },
  },
  {
    id: 'rest.guilds.channels.create',
    sentence:
      'Whoever may manage channels makes them: text, voice and category, with what they were given',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/channels`
      const answer = await guild.owner.api.call('POST', path, { name: 'plain' })
      same(answer.status, 201, 'status')
      includes(
        answer.body,
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
      const category = await guild.channel({ name: 'a category', type: 4 })
      includes(category, { type: 4, name: 'a category' }, 'a category')
      const text = {
        name: 'text',
        topic: 'what for',
        nsfw: true,
        rate_limit_per_user: 10,
        position: 3,
        parent_id: category.id,
      }
      includes(await guild.channel(text), { type: 0, ...text }, 'a text channel')
      includes(
        await guild.channel({ name: 'call', type: 2, bitrate: 32_000, user_limit: 5 }),
        { type: 2, bitrate: 32_000, user_limit: 5 },
        'a voice channel',
      )
      includes(
        await guild.channel({ name: 'news', type: 5 }),
        { type: 5 },
        'an announcement channel',
      )
      await guild.grant(guild.member, Permission.ManageChannels)
      includes(
        await guild.member.api.post(path, { name: 'by-a-member' }),
        { name: 'by-a-member' },
        'with MANAGE_CHANNELS',
      )
    },
  },
  {
    id: 'rest.guilds.channels.names',
    sentence:
      'Names of text and announcement channels become lower case, with one dash for each run of blanks and dashes',
    async run(world) {
      const guild = await world.guild()
      for (const type of [0, 5]) {
        includes(
          await guild.channel({ name: 'My Cool  Channel', type }),
          { name: 'my-cool-channel' },
          'a new channel',
        )
        includes(
          await guild.channel({ name: ' Über -- Öl\t', type }),
          { name: 'über-öl' },
          'with blanks and dashes',
        )
      }
      for (const type of [2, 4])
        includes(
          await guild.channel({ name: 'My Cool  Channel', type }),
          { name: 'My Cool  Channel' },
          'of another kind',
        )
      includes(
        await guild.owner.api.patch(`/channels/${guild.text}`, { name: 'New Name' }),
        { name: 'new-name' },
        'a renamed channel',
      )
      await guild.owner.api.refused(
        invalid('name', 'BASE_TYPE_BAD_LENGTH'),
        'POST',
        `/guilds/${guild.id}/channels`,
        { name: '- -' },
      )
    },
  },
  {
    id: 'rest.guilds.channels.create.overwrites',
    sentence: 'A new channel’s `permission_overwrites` are honoured from its first moment',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const view = String(Permission.ViewChannel)
      const permission_overwrites = [
        { id: guild.id, type: 0, allow: '0', deny: view },
        { id: cy.id, type: 1, allow: view, deny: '0' },
      ]
      const channel = await guild.channel({ permission_overwrites })
      includes(channel, { permission_overwrites }, 'the channel')
      await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${channel.id}`)
      await guild.member.api.refused(NO_ACCESS, 'POST', `/channels/${channel.id}/messages`, {
        content: 'hi',
      })
      await cy.api.post(`/channels/${channel.id}/messages`, { content: 'hi' })
    },
  },
  {
    id: 'rest.guilds.channels.create.refused',
    sentence: 'Without MANAGE_CHANNELS, or with a bad form, no channel is made',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/channels`
      const count = async (): Promise<number> =>
        (await guild.owner.api.get<APIChannel[]>(path)).length
      const before = await count()
      await guild.member.api.refused(NO_PERMISSION, 'POST', path, { name: 'mine' })
      await guild.owner.api.refused(invalid('name', 'BASE_TYPE_REQUIRED'), 'POST', path, {})
      await guild.owner.api.refused(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        name: 'x'.repeat(101),
      })
      await guild.owner.api.refused(invalid('type'), 'POST', path, { name: 'odd', type: 99 })
      await guild.owner.api.refused(invalid('topic', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        name: 'odd',
        topic: 'x'.repeat(1_025),
      })
      await guild.owner.api.refused(invalid('parent_id'), 'POST', path, {
        name: 'odd',
        parent_id: guild.text,
      })
      await guild.owner.api.refused(invalid('permission_overwrites.0.id'), 'POST', path, {
        name: 'odd',
        permission_overwrites: [{ id: 'x', type: 0 }],
      })
      same(await count(), before, 'how many channels there are')
    },
  },
  {
    id: 'rest.guilds.channels.create.no-escalation',
    sentence: 'Nobody allows in a new channel what they may not do themselves',
    async run(world) {
      const guild = await world.guild()
      await guild.grant(guild.member, Permission.ManageChannels | Permission.ManageRoles)
      const overwrite = { id: guild.member.id, type: 1, allow: String(Permission.ManageMessages) }
      await guild.member.api.refused(NO_PERMISSION, 'POST', `/guilds/${guild.id}/channels`, {
        name: 'mine',
        permission_overwrites: [overwrite],
      })
    },
  },
]

import type { APIChannel, APIGuild, APIMessage, APIRole } from 'discord-api-types/v10'
import { invalid, UNKNOWN_MEMBER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectIncludes } from '../../expect.ts'
import { refuseEach } from './refuse-each.ts'

const IMAGE = 'data:image/png;base64,AAAA'

export const unsupportedCases: readonly Case[] = [
  {
    id: 'rest.unsupported.guilds',
    title: 'An unsupported field of a guild or role is refused by name',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      await refuseEach(
        guild.owner,
        'PATCH',
        `/guilds/${guild.id}`,
        { name: 'changed' },
        {
          icon: IMAGE,
          banner: IMAGE,
          splash: IMAGE,
          features: ['COMMUNITY'],
          rules_channel_id: guild.textChannelId,
          system_channel_flags: 1,
          premium_progress_bar_enabled: true,
        },
      )
      expectIncludes(
        await guild.owner.api.get(`/guilds/${guild.id}`),
        { name: guild.name, icon: null },
        'the guild',
      )
      await refuseEach(
        guild.owner,
        'POST',
        '/guilds',
        { name: 'new' },
        { icon: IMAGE, channels: [{ name: 'x' }] },
      )
      const fields = { icon: IMAGE, unicode_emoji: '🦑', 'colors.secondary_color': 5 }
      await refuseEach(
        guild.owner,
        'POST',
        `/guilds/${guild.id}/roles`,
        {},
        { icon: IMAGE, unicode_emoji: '🦑' },
      )
      const role = await guild.createRole(0n)
      const colors = { primary_color: 1, secondary_color: fields['colors.secondary_color'] }
      const path = `/guilds/${guild.id}/roles/${role.id}`
      await guild.owner.api.expectError(invalid('colors.secondary_color'), 'PATCH', path, {
        colors,
      })
      await refuseEach(guild.owner, 'PATCH', path, {}, { icon: IMAGE, unicode_emoji: '🦑' })
    },
  },
  {
    id: 'rest.unsupported.members',
    title: 'An unsupported field of a member or invite is refused by name',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const [guild, newcomer] = [await fixture.guild(), await fixture.user()]
      const token = { access_token: newcomer.token }
      await refuseEach(guild.owner, 'PUT', `/guilds/${guild.id}/members/${newcomer.id}`, token, {
        mute: true,
        deaf: true,
      })
      await guild.owner.api.expectError(
        UNKNOWN_MEMBER,
        'GET',
        `/guilds/${guild.id}/members/${newcomer.id}`,
      )
      await refuseEach(
        guild.member,
        'PATCH',
        `/guilds/${guild.id}/members/@me`,
        { nick: 'changed' },
        { bio: 'x', avatar: IMAGE },
      )
      await refuseEach(
        guild.owner,
        'POST',
        `/channels/${guild.textChannelId}/invites`,
        {},
        {
          target_type: 1,
          target_user_id: guild.member.id,
          role_ids: [guild.id],
        },
      )
    },
  },
  {
    id: 'rest.unsupported.nothing',
    title:
      'An unsupported field with an empty or default value is accepted, since libraries send ' +
      'whole structures',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { api } = guild.owner
      const messageDefaults = {
        components: [],
        sticker_ids: [],
        attachments: null,
        poll: null,
        flags: 0,
      }
      expectIncludes(
        await api.post<APIMessage>(`/channels/${guild.textChannelId}/messages`, {
          content: 'hi',
          ...messageDefaults,
        }),
        { content: 'hi' },
        'the message',
      )
      const voiceDefaults = {
        rtc_region: null,
        video_quality_mode: 1,
        default_auto_archive_duration: 1_440,
        available_tags: [],
        flags: 0,
      }
      expectIncludes(
        await api.patch<APIChannel>(`/channels/${guild.voiceChannelId}`, {
          name: 'call',
          ...voiceDefaults,
        }),
        { name: 'call' },
        'the channel',
      )
      const guildDefaults = {
        icon: null,
        banner: null,
        features: [],
        system_channel_flags: 0,
        rules_channel_id: null,
      }
      expectIncludes(
        await api.patch<APIGuild>(`/guilds/${guild.id}`, { name: 'plain', ...guildDefaults }),
        { name: 'plain' },
        'the guild',
      )
      const role = {
        name: 'r',
        icon: null,
        unicode_emoji: null,
        colors: { primary_color: 7, secondary_color: null, tertiary_color: null },
      }
      expectIncludes(
        await api.post<APIRole>(`/guilds/${guild.id}/roles`, role),
        { name: 'r', color: 7 },
        'the role',
      )
    },
  },
]

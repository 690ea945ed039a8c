import { invalid, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectIncludes } from '../../expect.ts'
import { refuseEach } from './refuse-each.ts'

const CHANNEL_FIELDS = {
  rtc_region: 'rotterdam',
  video_quality_mode: 2,
  default_auto_archive_duration: 60,
  default_thread_rate_limit_per_user: 5,
  default_reaction_emoji: { emoji_name: '🦑' },
  default_sort_order: 1,
  available_tags: [{ name: 'tag' }],
}

export const unsupportedChannelCases: readonly Case[] = [
  {
    id: 'rest.unsupported.channels',
    title: 'An unsupported field or type of a channel is refused by name',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      await refuseEach(guild.owner, 'POST', path, { name: 'x' }, CHANNEL_FIELDS)
      for (const type of [10, 11, 12, 13, 14, 15, 16])
        await guild.owner.api.expectError(invalid('type', 'BASE_TYPE_CHOICES'), 'POST', path, {
          name: 'x',
          type,
        })
      const changed = { name: 'changed' }
      const more = {
        ...CHANNEL_FIELDS,
        flags: 16,
        archived: true,
        auto_archive_duration: 60,
        applied_tags: [guild.id],
      }
      await refuseEach(guild.owner, 'PATCH', `/channels/${guild.textChannelId}`, changed, more)
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textChannelId}`),
        { name: 'text' },
        'the channel',
      )
    },
  },
  {
    id: 'rest.unsupported.channel-types',
    title:
      'A field that belongs to other types of channel is refused by name, unless its value is ' +
      'the default',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const category = await guild.createChannel({ name: 'category', type: 4 })
      const voiceFields = { bitrate: 96_000, user_limit: 5 }
      const textFields = { topic: 'what for', nsfw: true, rate_limit_per_user: 5 }
      const foreign = {
        0: voiceFields,
        5: voiceFields,
        2: { topic: textFields.topic },
        4: { ...voiceFields, ...textFields },
      }
      for (const [type, fields] of Object.entries(foreign))
        await refuseEach(guild.owner, 'POST', path, { name: 'x', type: Number(type) }, fields)
      const channels = {
        [guild.textChannelId]: foreign[0],
        [guild.voiceChannelId]: foreign[2],
        [category.id]: foreign[4],
      }
      for (const [id, fields] of Object.entries(channels))
        await refuseEach(guild.owner, 'PATCH', `/channels/${id}`, { name: 'changed' }, fields)
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PATCH',
        `/channels/${guild.textChannelId}`,
        voiceFields,
      )
      const defaults = {
        topic: null,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 64_000,
        user_limit: 0,
      }
      for (const type of [0, 2, 4, 5])
        expectIncludes(
          await guild.createChannel({ name: 'y', type, ...defaults }),
          { name: 'y', type },
          'a channel with default values',
        )
      for (const id of Object.keys(channels)) {
        expectIncludes(
          await guild.owner.api.patch(`/channels/${id}`, defaults),
          { topic: null, nsfw: false, rate_limit_per_user: 0 },
          'edited',
        )
      }
    },
  },
]

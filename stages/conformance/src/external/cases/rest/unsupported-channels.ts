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
    title: 'A field of channels that is not supported is refused by name, and so is a type',
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
      await refuseEach(guild.owner, 'PATCH', `/channels/${guild.textId}`, changed, more)
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textId}`),
        { name: 'text' },
        'the channel',
      )
    },
  },
  {
    id: 'rest.unsupported.channel-types',
    title:
      'A field that Discord documents for other types of channel alone is refused by name; one that asks for nothing is not',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const category = await guild.createChannel({ name: 'category', type: 4 })
      const call = { bitrate: 96_000, user_limit: 5 }
      const text = { topic: 'what for', nsfw: true, rate_limit_per_user: 5 }
      const foreign = { 0: call, 5: call, 2: { topic: text.topic }, 4: { ...call, ...text } }
      for (const [type, fields] of Object.entries(foreign))
        await refuseEach(guild.owner, 'POST', path, { name: 'x', type: Number(type) }, fields)
      const made = {
        [guild.textId]: foreign[0],
        [guild.voiceId]: foreign[2],
        [category.id]: foreign[4],
      }
      for (const [id, fields] of Object.entries(made))
        await refuseEach(guild.owner, 'PATCH', `/channels/${id}`, { name: 'changed' }, fields)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `/channels/${guild.textId}`, call)
      const nothing = {
        topic: null,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 64_000,
        user_limit: 0,
      }
      for (const type of [0, 2, 4, 5])
        expectIncludes(
          await guild.createChannel({ name: 'y', type, ...nothing }),
          { name: 'y', type },
          'asks for nothing',
        )
      for (const id of Object.keys(made)) {
        expectIncludes(
          await guild.owner.api.patch(`/channels/${id}`, nothing),
          { topic: null, nsfw: false, rate_limit_per_user: 0 },
          'edited',
        )
      }
    },
  },
]

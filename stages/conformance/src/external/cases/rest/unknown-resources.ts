import { NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { MEMBER_RESOURCES, MODERATOR_RESOURCES } from './empty-answers.ts'

export const unknownResourceCases: readonly Case[] = [
  {
    id: 'rest.nothing.unknown',
    title:
      'A single resource of a kind that no stage has is answered with Discord’s code for an ' +
      'unknown one',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { api, id } = guild.owner
      const unknown: Readonly<Record<string, number>> = {
        [`/applications/${id}/commands/1`]: 10063,
        [`/applications/${id}/guilds/${guild.id}/commands/1`]: 10063,
        [`/applications/${id}/guilds/${guild.id}/commands/1/permissions`]: 10066,
        [`/applications/${id}/emojis/1`]: 10014,
        [`/applications/${id}/entitlements/1`]: 10029,
        [`/guilds/${guild.id}/auto-moderation/rules/1`]: 0,
        [`/guilds/${guild.id}/emojis/1`]: 10014,
        [`/guilds/${guild.id}/stickers/1`]: 10060,
        [`/guilds/${guild.id}/scheduled-events/1`]: 10070,
        [`/guilds/${guild.id}/scheduled-events/1/users`]: 10070,
        [`/guilds/${guild.id}/soundboard-sounds/1`]: 10097,
        [`/guilds/${guild.id}/voice-states/@me`]: 10065,
        [`/guilds/${guild.id}/welcome-screen`]: 10069,
        '/guilds/templates/abc': 10057,
        '/stickers/1': 10060,
        '/sticker-packs/1': 10061,
        [`/stage-instances/${guild.voiceChannelId}`]: 10067,
        '/skus/1/subscriptions': 10027,
        '/skus/1/subscriptions/1': 10027,
        '/webhooks/1': 10015,
        '/webhooks/1/token': 10015,
        '/webhooks/1/token/messages/1': 10015,
      }
      for (const [path, code] of Object.entries(unknown)) {
        const { text } = await api.expectError({ status: 404, code }, 'GET', path)
        expectEqual(/Unknown/.test(text), true, `the code of ${path}`)
      }
      await fixture.anonymous.expectError({ status: 404, code: 10015 }, 'GET', '/webhooks/1/token')
      await fixture.anonymous.expectError({ status: 401, code: 0 }, 'GET', '/webhooks/1')
      await guild.member.api.expectError(
        NO_PERMISSION,
        'GET',
        `/guilds/${guild.id}/auto-moderation/rules/1`,
      )
      await guild.member.api.expectError(NO_ACCESS, 'GET', `/applications/${id}/commands/1`)
      await api.expectError({ status: 403, code: 50004 }, 'GET', `/guilds/${guild.id}/widget.json`)
      for (const path of ['thread-members', `thread-members/${id}`])
        await api.expectError(
          { status: 400, code: 50024 },
          'GET',
          `/channels/${guild.textChannelId}/${path}`,
        )
    },
  },
  {
    id: 'rest.nothing.made',
    title: 'POST on resources that no stage has is an unknown route',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const guild = await fixture.guild()
      const parts = [...Object.keys(MEMBER_RESOURCES), ...MODERATOR_RESOURCES.map(([part]) => part)]
      for (const part of parts)
        await guild.owner.api.expectError(
          { status: 404, code: 0 },
          'POST',
          `/guilds/${guild.id}/${part}`,
          { name: 'x' },
        )
      for (const part of ['threads', 'webhooks'])
        await guild.owner.api.expectError(
          { status: 404, code: 0 },
          'POST',
          `/channels/${guild.textChannelId}/${part}`,
          { name: 'x' },
        )
    },
  },
]

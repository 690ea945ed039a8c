import { Permission } from '@threshold/contract'
import {
  invalid,
  NO_ACCESS,
  NO_PERMISSION,
  UNKNOWN_CHANNEL,
  UNKNOWN_GUILD,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { TestGuild } from '../../test-guild.ts'
import { MEMBER_RESOURCES, MODERATOR_RESOURCES, NO_THREADS } from './empty-answers.ts'

/** Expects 50013 without the permission and the empty answer with it. */
async function expectNeedsPermission(
  guild: TestGuild,
  path: string,
  empty: object,
  permission: bigint,
): Promise<void> {
  const { api } = guild.member
  await api.expectError(NO_PERMISSION, 'GET', path)
  const role = await guild.grantPermissions(guild.member, permission)
  expectEqual(await api.get(path), empty, `${path} with the permission`)
  await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
}

export const emptyResourceCases: readonly Case[] = [
  {
    id: 'rest.nothing.guilds',
    title:
      'Threads, emojis, stickers and scheduled events of a guild are empty, for its members only',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const [guild, eve] = [await fixture.guild(), await fixture.user('eve')]
      for (const [part, empty] of Object.entries(MEMBER_RESOURCES)) {
        expectEqual(await guild.member.api.get(`/guilds/${guild.id}/${part}`), empty, part)
        await eve.api.expectError(NO_ACCESS, 'GET', `/guilds/${guild.id}/${part}`)
        await eve.api.expectError(UNKNOWN_GUILD, 'GET', `/guilds/${UNKNOWN_ID}/${part}`)
      }
    },
  },
  {
    id: 'rest.nothing.moderation',
    title:
      'Bans, webhooks, AutoMod rules, integrations, templates and the audit log are empty, ' +
      'for users with the permission',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const [part, empty, permission] of MODERATOR_RESOURCES) {
        expectEqual(
          await guild.owner.api.get(`/guilds/${guild.id}/${part}`),
          empty,
          `${part} to the owner`,
        )
        await expectNeedsPermission(guild, `/guilds/${guild.id}/${part}`, empty, permission)
      }
      await guild.owner.api.expectError(
        { status: 404, code: 10026 },
        'GET',
        `/guilds/${guild.id}/bans/${guild.member.id}`,
      )
      await guild.owner.api.expectError(
        invalid('limit'),
        'GET',
        `/guilds/${guild.id}/bans?limit=abc`,
      )
    },
  },
  {
    id: 'rest.nothing.channels',
    title: 'Archived threads, pins and webhooks of a channel are empty, for users who may see them',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}`
      const { api } = guild.member
      expectEqual(await api.get(`${path}/threads/archived/public`), NO_THREADS, 'public threads')
      expectEqual(
        await api.get(`${path}/users/@me/threads/archived/private`),
        NO_THREADS,
        'own threads',
      )
      expectEqual(await api.get(`${path}/messages/pins`), { items: [], has_more: false }, 'pins')
      expectEqual(await api.get(`${path}/pins`), [], 'pins on the older route')
      await expectNeedsPermission(
        guild,
        `${path}/threads/archived/private`,
        NO_THREADS,
        Permission.ManageThreads,
      )
      await expectNeedsPermission(guild, `${path}/webhooks`, [], Permission.ManageWebhooks)
      const hidden = await guild.createHiddenChannel()
      for (const part of ['threads/archived/public', 'threads/archived/private', 'webhooks']) {
        await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${hidden.id}/${part}`)
        await guild.member.api.expectError(
          UNKNOWN_CHANNEL,
          'GET',
          `/channels/${UNKNOWN_ID}/${part}`,
        )
      }
    },
  },
  {
    id: 'rest.nothing.applications',
    title:
      'An application’s emojis and commands are empty and hidden from other users, and there ' +
      'are no voice regions',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const [guild, eve] = [await fixture.guild(), await fixture.user('eve')]
      const { api, id } = guild.owner
      expectEqual(await api.get(`/applications/${id}/emojis`), { items: [] }, 'emojis')
      expectEqual(await api.get(`/applications/${id}/commands`), [], 'commands')
      expectEqual(
        await api.get(`/applications/${id}/guilds/${guild.id}/commands`),
        [],
        'commands of a guild',
      )
      for (const part of [
        'entitlements',
        'skus',
        'role-connections/metadata',
        `guilds/${guild.id}/commands/permissions`,
      ])
        expectEqual(await api.get(`/applications/${id}/${part}`), [], part)
      expectEqual(await api.get('/users/@me/connections'), [], 'connections')
      expectEqual(await api.get('/voice/regions'), [], 'voice regions')
      expectEqual(await api.get('/soundboard-default-sounds'), [], 'sounds')
      expectEqual(await api.get('/sticker-packs'), { sticker_packs: [] }, 'sticker packs')
      for (const part of ['emojis', 'commands', `guilds/${guild.id}/commands`])
        await eve.api.expectError(NO_ACCESS, 'GET', `/applications/${id}/${part}`)
      await eve.api.expectError(
        NO_ACCESS,
        'GET',
        `/applications/${eve.id}/guilds/${guild.id}/commands`,
      )
    },
  },
  {
    id: 'rest.nothing.onboarding',
    title: 'A guild’s onboarding is disabled and has no prompts',
    covers: ['rest.route.nothing'],
    async run(fixture) {
      const guild = await fixture.guild()
      const off = {
        guild_id: guild.id,
        prompts: [],
        default_channel_ids: [],
        enabled: false,
        mode: 0,
      }
      expectEqual(await guild.member.api.get(`/guilds/${guild.id}/onboarding`), off, 'onboarding')
      await (await fixture.user('eve')).api.expectError(
        NO_ACCESS,
        'GET',
        `/guilds/${guild.id}/onboarding`,
      )
    },
  },
]

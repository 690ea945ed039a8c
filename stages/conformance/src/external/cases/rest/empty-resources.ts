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

const NO_THREADS = { threads: [], members: [], has_more: false }
const NO_ENTRIES = {
  audit_log_entries: [],
  users: [],
  integrations: [],
  webhooks: [],
  guild_scheduled_events: [],
  threads: [],
  application_commands: [],
  auto_moderation_rules: [],
}

const MEMBER_RESOURCES: Readonly<Record<string, object>> = {
  'threads/active': NO_THREADS,
  emojis: [],
  stickers: [],
  'soundboard-sounds': { items: [] },
  'scheduled-events': [],
  regions: [],
}
const MODERATOR_RESOURCES: readonly [path: string, empty: object, permission: bigint][] = [
  ['webhooks', [], Permission.ManageWebhooks],
  ['bans', [], Permission.BanMembers],
  ['auto-moderation/rules', [], Permission.ManageGuild],
  ['integrations', [], Permission.ManageGuild],
  ['templates', [], Permission.ManageGuild],
  ['audit-logs', NO_ENTRIES, Permission.ViewAuditLog],
  ['vanity-url', { code: null, uses: 0 }, Permission.ManageGuild],
  ['widget', { enabled: false, channel_id: null }, Permission.ManageGuild],
]

/** A member may see the path with the permission only. */
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
      'Threads, emojis, stickers and scheduled events of a guild are empty, for its members ' +
      'only',
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
      const path = `/channels/${guild.textId}`
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
        [`/stage-instances/${guild.voiceId}`]: 10067,
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
          `/channels/${guild.textId}/${path}`,
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
          `/channels/${guild.textId}/${part}`,
          { name: 'x' },
        )
    },
  },
]

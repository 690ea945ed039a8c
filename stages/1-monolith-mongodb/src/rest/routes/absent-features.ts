import { Permission, refuse, restInput } from '@threshold/contract'
import type { Context } from '../context.ts'
import { authorizeGuild } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

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

/**
 * Parts of a guild that no guild has here, as Discord answers without any, and the permission that
 * it takes to see them.
 */
const OF_GUILDS: readonly [path: string, none: object, needed?: bigint][] = [
  ['threads/active', NO_THREADS],
  ['emojis', []],
  ['stickers', []],
  ['soundboard-sounds', { items: [] }],
  ['scheduled-events', []],
  ['regions', []],
  ['webhooks', [], Permission.ManageWebhooks],
  ['bans', [], Permission.BanMembers],
  ['auto-moderation/rules', [], Permission.ManageGuild],
  ['integrations', [], Permission.ManageGuild],
  ['templates', [], Permission.ManageGuild],
  ['audit-logs', NO_ENTRIES, Permission.ViewAuditLog],
  ['vanity-url', { code: null, uses: 0 }, Permission.ManageGuild],
  ['widget', { enabled: false, channel_id: null }, Permission.ManageGuild],
]

/** Things of a guild that do not exist, with the answer to each. */
const ONE_OF_GUILDS: readonly [path: string, unknown: () => Error, needed?: bigint][] = [
  ['emojis/:emoji_id', refuse.noSuchEmoji],
  ['stickers/:sticker', refuse.unknownSticker],
  ['scheduled-events/:guild_scheduled_event', refuse.unknownScheduledEvent],
  ['scheduled-events/:guild_scheduled_event/users', refuse.unknownScheduledEvent],
  ['soundboard-sounds/:sound', refuse.unknownSound],
  ['bans/:user', refuse.unknownBan, Permission.BanMembers],
  [
    'auto-moderation/rules/:auto_moderation_rule',
    refuse.unknownAutoModerationRule,
    Permission.ManageGuild,
  ],
  ['welcome-screen', refuse.unknownWelcomeScreen],
]

/** Things that belong to no guild, and do not exist either. */
const UNKNOWN: readonly [path: string, unknown: () => Error][] = [
  ['guilds/templates/:code', refuse.unknownTemplate],
  ['stickers/:sticker', refuse.unknownSticker],
  ['sticker-packs/:pack', refuse.unknownStickerPack],
  ['stage-instances/:channel', refuse.unknownStageInstance],
  ['skus/:sku/subscriptions', refuse.unknownSku],
  ['skus/:sku/subscriptions/:subscription', refuse.unknownSku],
  ['webhooks/:webhook', refuse.unknownWebhook],
]

/** Things of an application, likewise. */
const UNKNOWN_OF_APPLICATIONS: readonly [path: string, unknown: () => Error][] = [
  ['commands/:command', refuse.unknownCommand],
  ['emojis/:emoji_id', refuse.noSuchEmoji],
  ['entitlements/:entitlement', refuse.unknownEntitlement],
]
const UNKNOWN_OF_GUILD_APPLICATIONS: readonly [path: string, unknown: () => Error][] = [
  ['commands/:command', refuse.unknownCommand],
  ['commands/:command/permissions', refuse.unknownCommandPermissions],
]

const OF_CHANNELS: readonly [path: string, none: object, needed: bigint][] = [
  ['threads/archived/public', NO_THREADS, Permission.ReadMessageHistory],
  [
    'threads/archived/private',
    NO_THREADS,
    Permission.ReadMessageHistory | Permission.ManageThreads,
  ],
  ['users/@me/threads/archived/private', NO_THREADS, Permission.ReadMessageHistory],
  ['webhooks', [], Permission.ManageWebhooks],
]

const OF_APPLICATIONS: readonly [path: string, none: object][] = [
  ['emojis', { items: [] }],
  ['commands', []],
  ['entitlements', []],
  ['skus', []],
  ['role-connections/metadata', []],
]

/**
 * What Discord has and this server has none of. Clients ask for it at their start and stop at a
 * 404, and the answer that there is none is true. It cannot be made either: POST, PATCH and DELETE
 * stay unknown routes.
 */
export function absentFeatureRoutes(add: AddRoute, context: Context): void {
  for (const [path, none, needed = 0n] of OF_GUILDS)
    add('get', `/guilds/:guild/${path}`, `guild.${actionOf(path)}`, async (request) => {
      parseInput(restInput.listQuery, request.query)
      await authorizeGuild(context, request, needed)
      return none
    })
  for (const [path, unknown, needed = 0n] of ONE_OF_GUILDS)
    add('get', `/guilds/:guild/${path}`, `guild.${actionOf(path)}`, async (request) => {
      await authorizeGuild(context, request, needed)
      throw unknown()
    })
  for (const [path, none, needed] of OF_CHANNELS)
    add('get', `/channels/:channel/${path}`, `channel.${actionOf(path)}`, async (request) => {
      parseInput(restInput.listQuery, request.query)
      const { kind } = await context.authorizeChannel(
        request.userId,
        request.params.channel!,
        needed,
        request.deadline,
      )
      if (kind === 'dm') throw refuse.dmNotAllowed()
      return none
    })
  for (const [path, none] of OF_APPLICATIONS)
    add(
      'get',
      `/applications/:application/${path}`,
      `application.${actionOf(path)}`,
      async (request) => {
        requireOwn(request)
        return none
      },
    )
  for (const path of ['commands', 'commands/permissions'])
    add(
      'get',
      `/applications/:application/guilds/:guild/${path}`,
      `application.guild-${actionOf(path)}`,
      async (request) => {
        requireOwn(request)
        await authorizeGuild(context, request, 0n)
        return []
      },
    )
  for (const [path, unknown] of UNKNOWN)
    add('get', `/${path}`, actionOf(path), async () => {
      throw unknown()
    })
  // A webhook's own token takes the place of a user's.
  for (const path of ['/webhooks/:webhook/:code', '/webhooks/:webhook/:code/messages/:message'])
    add(
      'get',
      path,
      'webhook.with-token',
      async () => {
        throw refuse.unknownWebhook()
      },
      { anonymous: true },
    )
  for (const [path, unknown] of UNKNOWN_OF_APPLICATIONS)
    add(
      'get',
      `/applications/:application/${path}`,
      `application.${actionOf(path)}`,
      async (request) => {
        requireOwn(request)
        throw unknown()
      },
    )
  for (const path of ['thread-members', 'thread-members/:user'])
    add(
      'get',
      `/channels/:channel/${path}`,
      `channel.${actionOf(path)}`,
      async ({ userId, params, deadline }) => {
        await context.authorizeChannel(userId, params.channel!, 0n, deadline)
        throw refuse.wrongChannelType()
      },
    )
  for (const [path, unknown] of UNKNOWN_OF_GUILD_APPLICATIONS)
    add(
      'get',
      `/applications/:application/guilds/:guild/${path}`,
      `application.guild-${actionOf(path)}`,
      async (request) => {
        requireOwn(request)
        await authorizeGuild(context, request, 0n)
        throw unknown()
      },
    )
  add('get', '/guilds/:guild/onboarding', 'guild.onboarding', async (request) => {
    await authorizeGuild(context, request, 0n)
    return {
      guild_id: request.params.guild,
      prompts: [],
      default_channel_ids: [],
      enabled: false,
      mode: 0,
    }
  })
  add(
    'get',
    '/guilds/:guild/widget.json',
    'guild.widget-json',
    async () => Promise.reject(refuse.widgetDisabled()),
    { anonymous: true },
  )
  add('get', '/users/@me/connections', 'user.connections', async () => [])
  add('get', '/voice/regions', 'voice.regions', async () => [])
  add('get', '/sticker-packs', 'sticker-packs', async () => ({ sticker_packs: [] }))
  // py-cord is not ready before it has been told so.
  add('get', '/soundboard-default-sounds', 'soundboard.default', async () => [])
}

const actionOf = (path: string): string => path.replaceAll('/', '-').replaceAll(/[:@]/g, '')

/** A workshop user is its own application, and sees no other. */
function requireOwn({ userId, params }: ApiRequest): void {
  if (params.application !== userId) throw refuse.missingAccess()
}

import { Permission, refuse } from '@threshold/contract'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { authorizeGuild } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/**
 * Features that Discord has and this server does not: threads, webhooks, stickers and others.
 * Clients read them when they start, and stop at a 404. So the lists are routes that are always
 * empty, and single items are unknown by Discord's own code. There is no POST, PATCH or DELETE, so
 * nothing can be added to the lists.
 */

type EmptyList = readonly [path: string, body: object, needed?: bigint]
type UnknownItem = readonly [path: string, error: () => Error, needed?: bigint]

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

const GUILD_LISTS: readonly EmptyList[] = [
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

const GUILD_ITEMS: readonly UnknownItem[] = [
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

const CHANNEL_LISTS: readonly EmptyList[] = [
  ['threads/archived/public', NO_THREADS, Permission.ReadMessageHistory],
  [
    'threads/archived/private',
    NO_THREADS,
    Permission.ReadMessageHistory | Permission.ManageThreads,
  ],
  ['users/@me/threads/archived/private', NO_THREADS, Permission.ReadMessageHistory],
  ['webhooks', [], Permission.ManageWebhooks],
]

const APPLICATION_LISTS: readonly EmptyList[] = [
  ['emojis', { items: [] }],
  ['commands', []],
  ['entitlements', []],
  ['skus', []],
  ['role-connections/metadata', []],
]

const APPLICATION_ITEMS: readonly UnknownItem[] = [
  ['commands/:command', refuse.unknownCommand],
  ['emojis/:emoji_id', refuse.noSuchEmoji],
  ['entitlements/:entitlement', refuse.unknownEntitlement],
]

const GUILD_APPLICATION_LISTS: readonly EmptyList[] = [
  ['commands', []],
  ['commands/permissions', []],
]

const GUILD_APPLICATION_ITEMS: readonly UnknownItem[] = [
  ['commands/:command', refuse.unknownCommand],
  ['commands/:command/permissions', refuse.unknownCommandPermissions],
]

/** Items that belong to no guild, channel or application. */
const OTHER_ITEMS: readonly UnknownItem[] = [
  ['guilds/templates/:code', refuse.unknownTemplate],
  ['stickers/:sticker', refuse.unknownSticker],
  ['sticker-packs/:pack', refuse.unknownStickerPack],
  ['stage-instances/:channel', refuse.unknownStageInstance],
  ['skus/:sku/subscriptions', refuse.unknownSku],
  ['skus/:sku/subscriptions/:subscription', refuse.unknownSku],
  ['webhooks/:webhook', refuse.unknownWebhook],
]

type Authorize = (request: ApiRequest, needed: bigint) => Promise<unknown>

export function absentFeatureRoutes(add: AddRoute, context: Context): void {
  /** `scope` opens the names of the actions, such as `guild.`. */
  const addLists = (
    prefix: string,
    scope: string,
    lists: readonly EmptyList[],
    authorize: Authorize,
  ): void => {
    for (const [path, body, needed = 0n] of lists)
      add('get', `${prefix}/${path}`, `${scope}${actionOf(path)}`, async (request) => {
        await authorize(request, needed)
        return body
      })
  }
  const addItems = (
    prefix: string,
    scope: string,
    items: readonly UnknownItem[],
    authorize: Authorize,
  ): void => {
    for (const [path, error, needed = 0n] of items)
      add('get', `${prefix}/${path}`, `${scope}${actionOf(path)}`, async (request) => {
        await authorize(request, needed)
        throw error()
      })
  }
  const inGuild: Authorize = (request, needed) => authorizeGuild(context, request, needed)
  const ofApplication: Authorize = async (request) => requireOwnApplication(request)
  const ofGuildApplication: Authorize = async (request) => {
    requireOwnApplication(request)
    await authorizeGuild(context, request, 0n)
  }

  addLists('/guilds/:guild', 'guild.', GUILD_LISTS, async (request, needed) => {
    parseInput(restInput.listQuery, request.query)
    await inGuild(request, needed)
  })
  addItems('/guilds/:guild', 'guild.', GUILD_ITEMS, inGuild)
  addLists('/channels/:channel', 'channel.', CHANNEL_LISTS, async (request, needed) => {
    parseInput(restInput.listQuery, request.query)
    const { kind } = await context.authorizeChannel(request, needed)
    if (kind === 'dm') throw refuse.dmNotAllowed()
  })
  const application = '/applications/:application'
  addLists(application, 'application.', APPLICATION_LISTS, ofApplication)
  addItems(application, 'application.', APPLICATION_ITEMS, ofApplication)
  const ofGuild = `${application}/guilds/:guild`
  addLists(ofGuild, 'application.guild-', GUILD_APPLICATION_LISTS, ofGuildApplication)
  addItems(ofGuild, 'application.guild-', GUILD_APPLICATION_ITEMS, ofGuildApplication)
  addItems('', '', OTHER_ITEMS, async () => {})

  // The webhook's token is in the path, so these routes need no token of a user.
  for (const path of ['/webhooks/:webhook/:code', '/webhooks/:webhook/:code/messages/:message'])
    add('get', path, 'webhook.with-token', () => Promise.reject(refuse.unknownWebhook()), {
      anonymous: true,
    })
  for (const path of ['thread-members', 'thread-members/:user'])
    add('get', `/channels/:channel/${path}`, `channel.${actionOf(path)}`, async (request) => {
      await context.authorizeChannel(request, 0n)
      throw refuse.wrongChannelType()
    })
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
    () => Promise.reject(refuse.widgetDisabled()),
    { anonymous: true },
  )
  add('get', '/users/@me/connections', 'user.connections', async () => [])
  add('get', '/voice/regions', 'voice.regions', async () => [])
  add('get', '/sticker-packs', 'sticker-packs', async () => ({ sticker_packs: [] }))
  // py-cord waits for this list before it reports that it is ready.
  add('get', '/soundboard-default-sounds', 'soundboard.default', async () => [])
}

const actionOf = (path: string): string => path.replaceAll('/', '-').replaceAll(/[:@]/g, '')

/** Every workshop user is an application of its own, and may read no other. */
function requireOwnApplication({ userId, params }: ApiRequest): void {
  if (params.application !== userId) throw refuse.missingAccess()
}

import { Permission, refuse, restInput } from '@threshold/contract'
import type { Context } from '../context.ts'
import { requireGuild } from '../guild-access.ts'
import { type AddRoute, type Ask, checked } from '../route.ts'

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

/** Parts of a guild that no guild has here, as Discord answers without any, and the permission that it takes to see them. */
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
]

/** One of those, which therefore does not exist. */
const ONE_OF_GUILDS: readonly [path: string, unknown: () => Error, needed?: bigint][] = [
  ['emojis/:emoji_id', refuse.noSuchEmoji],
  ['stickers/:sticker', refuse.unknownSticker],
  ['scheduled-events/:guild_scheduled_event', refuse.unknownScheduledEvent],
  ['bans/:user', refuse.unknownBan, Permission.BanMembers],
]

const OF_CHANNELS: readonly [path: string, none: object, needed: bigint][] = [
  ['threads/archived/public', NO_THREADS, Permission.ReadMessageHistory],
  ['threads/archived/private', NO_THREADS, Permission.ReadMessageHistory | Permission.ManageThreads],
  ['users/@me/threads/archived/private', NO_THREADS, Permission.ReadMessageHistory],
  ['webhooks', [], Permission.ManageWebhooks],
]

const OF_APPLICATIONS: readonly [path: string, none: object][] = [
  ['emojis', { items: [] }],
  ['commands', []],
  ['entitlements', []],
  ['role-connections/metadata', []],
]

/**
 * What Discord has and this server has none of. Clients ask for it at their start and stop at a 404, and the answer that
 * there is none is true. It cannot be made either: POST, PATCH and DELETE stay unknown routes.
 */
export function nothingRoutes(add: AddRoute, context: Context): void {
  for (const [path, none, needed = 0n] of OF_GUILDS)
    add('get', `/guilds/:guild/${path}`, `guild.${actionOf(path)}`, async (request) => {
      checked(restInput.listQuery, request.query)
      await requireGuild(context, request, needed)
      return none
    })
  for (const [path, unknown, needed = 0n] of ONE_OF_GUILDS)
    add('get', `/guilds/:guild/${path}`, `guild.${actionOf(path)}`, async (request) => {
      await requireGuild(context, request, needed)
      throw unknown()
    })
  for (const [path, none, needed] of OF_CHANNELS)
    add('get', `/channels/:channel/${path}`, `channel.${actionOf(path)}`, async (request) => {
      checked(restInput.listQuery, request.query)
      const { kind } = await context.place(request.me, request.params.channel!, needed, request.deadline)
      if (kind === 'dm') throw refuse.dmNotAllowed()
      return none
    })
  for (const [path, none] of OF_APPLICATIONS)
    add('get', `/applications/:application/${path}`, `application.${actionOf(path)}`, async (request) => {
      requireOwn(request)
      return none
    })
  for (const path of ['commands', 'commands/permissions'])
    add('get', `/applications/:application/guilds/:guild/${path}`, `application.guild-${actionOf(path)}`, async (request) => {
      requireOwn(request)
      await requireGuild(context, request, 0n)
      return []
    })
  add('get', '/voice/regions', 'voice.regions', async () => [])
  add('get', '/sticker-packs', 'sticker-packs', async () => ({ sticker_packs: [] }))
  // py-cord is not ready before it has been told so.
  add('get', '/soundboard-default-sounds', 'soundboard.default', async () => [])
}

const actionOf = (path: string): string => path.replaceAll('/', '-').replaceAll(/[:@]/g, '')

/** A workshop user is its own application, and sees no other. */
function requireOwn({ me, params }: Ask): void {
  if (params.application !== me) throw refuse.missingAccess()
}

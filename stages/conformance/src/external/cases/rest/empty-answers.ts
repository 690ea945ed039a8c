import { Permission } from '@threshold/contract'

/** The answer to GET for a list of threads. */
export const NO_THREADS = { threads: [], members: [], has_more: false }
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

/** Resources of a guild that every member may read, and the empty answer. */
export const MEMBER_RESOURCES: Readonly<Record<string, object>> = {
  'threads/active': NO_THREADS,
  emojis: [],
  stickers: [],
  'soundboard-sounds': { items: [] },
  'scheduled-events': [],
  regions: [],
}
/** Resources of a guild that need a permission, and the empty answer. */
export const MODERATOR_RESOURCES: readonly [path: string, empty: object, permission: bigint][] = [
  ['webhooks', [], Permission.ManageWebhooks],
  ['bans', [], Permission.BanMembers],
  ['auto-moderation/rules', [], Permission.ManageGuild],
  ['integrations', [], Permission.ManageGuild],
  ['templates', [], Permission.ManageGuild],
  ['audit-logs', NO_ENTRIES, Permission.ViewAuditLog],
  ['vanity-url', { code: null, uses: 0 }, Permission.ManageGuild],
  ['widget', { enabled: false, channel_id: null }, Permission.ManageGuild],
]

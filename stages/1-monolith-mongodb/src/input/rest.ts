import { z } from 'zod'
import {
  name,
  permissions,
  personName,
  queryBoolean,
  queryInt,
  snowflake,
  text,
  trimmedText,
} from './fields.ts'
import { LOCALES } from './locales.ts'
import {
  allUnsupported,
  unsupported,
  unsupportedUnlessAbsent,
  unsupportedUnlessNull,
} from './unsupported.ts'

const overwrite = z.object({
  id: snowflake,
  type: z
    .literal([0, 1, 'role', 'member'])
    .transform((type): 0 | 1 => (type === 1 || type === 'member' ? 1 : 0)),
  allow: permissions.nullish().transform((v) => v ?? '0'),
  deny: permissions.nullish().transform((v) => v ?? '0'),
})

export const putOverwrite = overwrite.omit({ id: true })

/** 0 text, 2 voice, 4 category, 5 announcement. Other types are outside of the contract. */
const channelType = z.literal([0, 2, 4, 5])

const channelFields = {
  topic: trimmedText(1_024).nullish(),
  position: z.int().min(0).max(10_000).nullish(),
  parent_id: snowflake.nullish(),
  nsfw: z.boolean().nullish(),
  rate_limit_per_user: z.int().min(0).max(21_600).nullish(),
  bitrate: z.int().min(8_000).max(384_000).nullish(),
  user_limit: z.int().min(0).max(99).nullish(),
  permission_overwrites: z.array(overwrite).max(500).nullish(),
  ...allUnsupported(
    'rtc_region',
    'default_reaction_emoji',
    'default_thread_rate_limit_per_user',
    'default_sort_order',
    'default_forum_layout',
    'default_tag_setting',
    'available_tags',
    'flags',
  ),
  // 1 is "automatic". Clients assume a day if a channel does not say how long its threads last.
  video_quality_mode: unsupported('video_quality_mode', 1),
  default_auto_archive_duration: unsupported('default_auto_archive_duration', 1_440),
}

export const createChannel = z.object({
  name: name(1, 100),
  type: channelType.nullish().transform((v) => v ?? 0),
  ...channelFields,
})
export const editChannel = z.object({
  name: name(1, 100).optional(),
  type: channelType.optional(),
  ...channelFields,
  // Fields of threads and group messages.
  ...allUnsupported(
    'archived',
    'locked',
    'invitable',
    'auto_archive_duration',
    'applied_tags',
    'icon',
  ),
})
export const moveChannels = z
  .array(
    z.object({
      id: snowflake,
      position: z.int().min(0).max(10_000).nullish(),
      parent_id: snowflake.nullish(),
      lock_permissions: z.boolean().nullish(),
    }),
  )
  .max(500)

const roleFields = {
  name: name(1, 100).nullish(),
  permissions: permissions.nullish(),
  color: z.int().min(0).max(0xffffff).nullish(),
  colors: z
    .object({
      primary_color: z.int().min(0).max(0xffffff),
      // 0 would be a gradient to black.
      secondary_color: unsupportedUnlessNull('colors.secondary_color'),
      tertiary_color: unsupportedUnlessNull('colors.tertiary_color'),
    })
    .nullish(),
  hoist: z.boolean().nullish(),
  mentionable: z.boolean().nullish(),
  ...allUnsupported('icon', 'unicode_emoji'),
}
export const writeRole = z.object(roleFields)
export const moveRoles = z
  .array(z.object({ id: snowflake, position: z.int().min(0).max(10_000).nullish() }))
  .max(250)

/** Fields for both creating and editing a guild. */
const guildFields = {
  verification_level: z.int().min(0).max(4).nullish(),
  default_message_notifications: z.int().min(0).max(1).nullish(),
  explicit_content_filter: z.int().min(0).max(2).nullish(),
  preferred_locale: z.enum(LOCALES).nullish(),
  ...allUnsupported('icon', 'system_channel_flags'),
  /** Every guild has this value. Discord chooses a region for each call. */
  region: unsupported('region', 'deprecated'),
}

export const createGuild = z.object({
  name: name(2, 100),
  ...guildFields,
  ...allUnsupported('roles', 'channels', 'afk_channel_id', 'system_channel_id'),
  afk_timeout: unsupported('afk_timeout', 300),
})
export const editGuild = z.object({
  name: name(2, 100).optional(),
  description: trimmedText(300).nullish(),
  owner_id: snowflake.optional(),
  system_channel_id: snowflake.nullish(),
  afk_channel_id: snowflake.nullish(),
  afk_timeout: z.literal([60, 300, 900, 1_800, 3_600]).optional(),
  ...guildFields,
  ...allUnsupported(
    'splash',
    'banner',
    'discovery_splash',
    'home_header',
    'features',
    'rules_channel_id',
    'public_updates_channel_id',
    'safety_alerts_channel_id',
    'premium_progress_bar_enabled',
  ),
})

export const putMember = z.object({
  access_token: text(512),
  nick: personName(0, 32).nullish(),
  roles: z.array(snowflake).max(250).nullish(),
  ...allUnsupported('mute', 'deaf', 'flags'),
})
export const editMember = z.object({
  nick: personName(0, 32).nullish(),
  roles: z.array(snowflake).max(250).nullish(),
  mute: z.boolean().nullish(),
  deaf: z.boolean().nullish(),
  /** Null ends a time-out, and no member has one, so it is accepted. */
  ...allUnsupported('communication_disabled_until', 'flags', 'avatar', 'banner', 'bio'),
  /** Even null is a request: it would disconnect the member from their call. */
  channel_id: unsupportedUnlessAbsent('channel_id'),
})
export const editNick = z.object({ nick: personName(0, 32).nullish() })

export const createInvite = z
  .object({
    max_age: z.int().min(0).max(604_800).nullish(),
    max_uses: z.int().min(0).max(100).nullish(),
    temporary: z.boolean().nullish(),
    unique: z.boolean().nullish(),
    ...allUnsupported(
      'target_type',
      'target_user_id',
      'target_application_id',
      'role_ids',
      'flags',
    ),
  })
  .nullish()
  .transform((v) => v ?? {})

export const createDm = z.object({
  recipient_id: snowflake,
  ...allUnsupported('access_tokens', 'nicks'),
})
export const createUser = z.object({ username: personName(1, 32), bot: z.boolean().optional() })
/** Fills a channel for labs with messages, spread evenly over the days before `until_days`. */
export const fillHistory = z.object({
  channel_id: snowflake,
  messages: z.int().min(1).max(10_000),
  days: z.number().positive().max(3_650),
  /** How many days ago the history ends. A long history is written in several requests. */
  until_days: z.number().min(0).max(3_650).default(0),
  characters: z.int().min(1).max(2_000),
})

const id = snowflake.optional()
export const pageQuery = z.object({
  limit: queryInt(1, 100, 50),
  before: id,
  after: id,
  around: id,
})
export const memberQuery = z.object({ limit: queryInt(1, 1_000, 1), after: id })
export const guildQuery = z.object({ with_counts: queryBoolean })
/** Events and targets of invites do not exist here, so a request cannot ask for one. */
export const inviteQuery = z.object({
  with_counts: queryBoolean,
  ...allUnsupported('guild_scheduled_event_id', 'target_channel_id', 'target_message_id'),
})
export const guildsQuery = z.object({
  with_counts: queryBoolean,
  limit: queryInt(1, 200, 200),
  after: id,
  before: id,
})
export const memberSearchQuery = z.object({ query: text(100), limit: queryInt(1, 1_000, 1) })
/** The query of a list that is always empty. Only the form of the limit is checked. */
export const listQuery = z.object({ limit: queryInt(1, 1_000, 50) })
export const reactionQuery = z.object({
  limit: queryInt(1, 100, 25),
  after: id,
  type: queryInt(0, 1, 0),
})

export { searchQuery } from './search.ts'

import { z } from 'zod'
import {
  name,
  orNull,
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

/**
 * 0 text, 2 voice, 4 category, 5 announcement. Threads, stages and forums are outside the contract.
 */
const channelType = z.literal([0, 2, 4, 5])

const channelFields = {
  topic: orNull(trimmedText(1_024)),
  position: orNull(z.int().min(0).max(10_000)),
  parent_id: orNull(snowflake),
  nsfw: orNull(z.boolean()),
  rate_limit_per_user: orNull(z.int().min(0).max(21_600)),
  bitrate: orNull(z.int().min(8_000).max(384_000)),
  user_limit: orNull(z.int().min(0).max(99)),
  permission_overwrites: orNull(z.array(overwrite).max(500)),
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
  // 1 is "automatic", and a day is what clients take a channel's threads to last where it does not
  // say.
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
  // Only threads and group messages have these.
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
      position: orNull(z.int().min(0).max(10_000)),
      parent_id: orNull(snowflake),
      lock_permissions: orNull(z.boolean()),
    }),
  )
  .max(500)

const roleFields = {
  name: orNull(name(1, 100)),
  permissions: orNull(permissions),
  color: orNull(z.int().min(0).max(0xffffff)),
  colors: orNull(
    z.object({
      primary_color: z.int().min(0).max(0xffffff),
      // Null and not 0, which would be a gradient to black.
      secondary_color: unsupportedUnlessNull('colors.secondary_color'),
      tertiary_color: unsupportedUnlessNull('colors.tertiary_color'),
    }),
  ),
  hoist: orNull(z.boolean()),
  mentionable: orNull(z.boolean()),
  ...allUnsupported('icon', 'unicode_emoji'),
}
export const writeRole = z.object(roleFields)
export const moveRoles = z
  .array(z.object({ id: snowflake, position: orNull(z.int().min(0).max(10_000)) }))
  .max(250)

/** Fields that a guild takes both when it is made and later. */
const guildFields = {
  verification_level: orNull(z.int().min(0).max(4)),
  default_message_notifications: orNull(z.int().min(0).max(1)),
  explicit_content_filter: orNull(z.int().min(0).max(2)),
  preferred_locale: orNull(z.enum(LOCALES)),
  ...allUnsupported('icon', 'system_channel_flags'),
  /** Every guild has this one: Discord has chosen regions by call for years. */
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
  description: orNull(trimmedText(300)),
  owner_id: snowflake.optional(),
  system_channel_id: orNull(snowflake),
  afk_channel_id: orNull(snowflake),
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
  nick: orNull(personName(0, 32)),
  roles: orNull(z.array(snowflake).max(250)),
  ...allUnsupported('mute', 'deaf', 'flags'),
})
export const editMember = z.object({
  nick: orNull(personName(0, 32)),
  roles: orNull(z.array(snowflake).max(250)),
  mute: orNull(z.boolean()),
  deaf: orNull(z.boolean()),
  /** Null ends a time-out, and no member has one. */
  ...allUnsupported('communication_disabled_until', 'flags', 'avatar', 'banner', 'bio'),
  /** Null would put the member out of their call, and so asks for something as well. */
  channel_id: unsupportedUnlessAbsent('channel_id'),
})
export const editNick = z.object({ nick: orNull(personName(0, 32)) })

export const createInvite = z
  .object({
    max_age: orNull(z.int().min(0).max(604_800)),
    max_uses: orNull(z.int().min(0).max(100)),
    temporary: orNull(z.boolean()),
    unique: orNull(z.boolean()),
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
/** A channel's past for labs: so many messages, spread evenly over so many days until now. */
export const fillHistory = z.object({
  channel_id: snowflake,
  messages: z.int().min(1).max(10_000),
  days: z.number().positive().max(3_650),
  /** How many days ago that past ends: a long one is written piece by piece. */
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
/** An invite may name what to show with it, and there is nothing of the kind. */
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
/** The list is empty, so only the form of the limit is checked. */
export const listQuery = z.object({ limit: queryInt(1, 1_000, 50) })
export const reactionQuery = z.object({
  limit: queryInt(1, 100, 25),
  after: id,
  type: queryInt(0, 1, 0),
})

export { searchQuery } from './search.ts'

import {
  array,
  boolean,
  emptyArray,
  id,
  nonEmptyString,
  nullValue,
  object,
  oneOf,
  orNull,
  permissionBits,
  type Schema,
  string,
  timestamp,
  uint,
} from './build.ts'
import { emoji } from './messages.ts'
import { member, presence, user, voiceState } from './users.ts'

export const role = object(
  {
    id,
    name: string,
    color: uint,
    colors: object({
      primary_color: uint,
      secondary_color: orNull(uint),
      tertiary_color: orNull(uint),
    }),
    hoist: boolean,
    icon: orNull(string),
    unicode_emoji: orNull(string),
    position: uint,
    permissions: permissionBits,
    managed: boolean,
    mentionable: boolean,
    flags: uint,
  },
  { description: orNull(string), tags: { type: 'object' } },
)

/** Type 0 is for a role, type 1 for a member. */
const overwrite = object({ id, type: oneOf(0, 1), allow: permissionBits, deny: permissionBits })

export const directChannel = object(
  { id, type: { const: 1 }, flags: uint, recipients: array(user), last_message_id: orNull(id) },
  { last_pin_timestamp: orNull(timestamp) },
)

const channelRequired = {
  id,
  guild_id: id,
  name: { type: 'string', minLength: 1, maxLength: 100 },
  position: uint,
  permission_overwrites: array(overwrite),
  parent_id: orNull(id),
  nsfw: boolean,
  flags: uint,
}
const messageFields = { last_message_id: orNull(id), rate_limit_per_user: uint }
const textFields = { topic: orNull(string), ...messageFields }
const voiceFields = {
  bitrate: uint,
  user_limit: uint,
  rtc_region: orNull(string),
  video_quality_mode: oneOf(1, 2),
  ...messageFields,
}
const channelOptional = {
  ...textFields,
  last_pin_timestamp: orNull(timestamp),
  default_auto_archive_duration: uint,
  default_thread_rate_limit_per_user: uint,
  permissions: permissionBits,
}

/** A text (0), voice (2), category (4) or announcement (5) channel. */
export const guildChannel: Schema = {
  type: 'object',
  required: ['type'],
  oneOf: [
    object({ ...channelRequired, type: oneOf(0, 5), ...textFields }, channelOptional),
    object({ ...channelRequired, type: { const: 2 }, ...voiceFields }, channelOptional),
    object({ ...channelRequired, type: { const: 4 } }, channelOptional),
  ],
}
export const channel: Schema = { oneOf: [directChannel, guildChannel] }

const approximateCounts = { approximate_member_count: uint, approximate_presence_count: uint }

const guildRequired = {
  id,
  name: nonEmptyString,
  icon: orNull(string),
  description: orNull(string),
  home_header: orNull(string),
  splash: orNull(string),
  discovery_splash: orNull(string),
  features: array(string),
  banner: orNull(string),
  owner_id: id,
  application_id: orNull(id),
  region: string,
  afk_channel_id: orNull(id),
  afk_timeout: oneOf(60, 300, 900, 1_800, 3_600),
  system_channel_id: orNull(id),
  system_channel_flags: uint,
  widget_enabled: boolean,
  widget_channel_id: orNull(id),
  verification_level: { type: 'integer', minimum: 0, maximum: 4 },
  roles: array(role, { minItems: 1 }),
  default_message_notifications: oneOf(0, 1),
  mfa_level: oneOf(0, 1),
  explicit_content_filter: oneOf(0, 1, 2),
  max_presences: orNull(uint),
  max_members: uint,
  max_stage_video_channel_users: uint,
  max_video_channel_users: uint,
  vanity_url_code: orNull(string),
  premium_tier: uint,
  premium_subscription_count: uint,
  preferred_locale: nonEmptyString,
  rules_channel_id: orNull(id),
  safety_alerts_channel_id: orNull(id),
  public_updates_channel_id: orNull(id),
  premium_progress_bar_enabled: boolean,
  nsfw: boolean,
  nsfw_level: uint,
  emojis: array(emoji),
  stickers: emptyArray,
  incidents_data: orNull({ type: 'object' }),
}
const guildOptional = { icon_hash: orNull(string), hub_type: nullValue }

/** GET /guilds/:id and GUILD_UPDATE. */
export const guild = object(guildRequired, { ...guildOptional, ...approximateCounts })

export const guildCreate = object(
  {
    ...guildRequired,
    joined_at: timestamp,
    large: boolean,
    member_count: uint,
    members: array(member),
    channels: array(guildChannel),
    presences: array(presence),
    voice_states: array(voiceState),
    threads: emptyArray,
    stage_instances: emptyArray,
    guild_scheduled_events: emptyArray,
  },
  { ...guildOptional, soundboard_sounds: emptyArray, unavailable: boolean },
)

/** An entry of GET /users/@me/guilds. */
export const ownGuild = object(
  {
    id,
    name: nonEmptyString,
    icon: orNull(string),
    banner: orNull(string),
    owner: boolean,
    permissions: permissionBits,
    features: array(string),
  },
  approximateCounts,
)

const inviteGuild = object(
  {
    id,
    name: nonEmptyString,
    splash: orNull(string),
    banner: orNull(string),
    description: orNull(string),
    icon: orNull(string),
    features: array(string),
    verification_level: uint,
    vanity_url_code: orNull(string),
    nsfw: boolean,
    nsfw_level: uint,
    premium_subscription_count: uint,
  },
  { premium_tier: uint },
)
/** The guild and channel of an invite. */
export const inviteTarget = {
  guild: inviteGuild,
  channel: object({ id, type: uint, name: nonEmptyString }),
}
const inviteRequired = {
  type: { const: 0 },
  code: nonEmptyString,
  expires_at: orNull(timestamp),
  guild_id: id,
  ...inviteTarget,
}
const inviteOptional = { flags: uint, ...approximateCounts }
const metadata = {
  inviter: user,
  uses: uint,
  max_uses: uint,
  max_age: uint,
  temporary: boolean,
  created_at: timestamp,
}

/** An invite as anyone with the code sees it. */
export const invite = object(inviteRequired, { ...inviteOptional, ...metadata })
/** An invite in the list of a channel or guild. */
export const inviteWithMetadata = object({ ...inviteRequired, ...metadata }, inviteOptional)

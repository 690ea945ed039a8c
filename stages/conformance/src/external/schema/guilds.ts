import {
  array,
  bits,
  boolean,
  count,
  id,
  none,
  nothing,
  object,
  oneOf,
  orNull,
  type Schema,
  string,
  text,
  time,
} from './build.ts'
import { emoji } from './messages.ts'
import { member, presence, user, voiceState } from './people.ts'

export const role = object(
  {
    id,
    name: string,
    color: count,
    colors: object({
      primary_color: count,
      secondary_color: orNull(count),
      tertiary_color: orNull(count),
    }),
    hoist: boolean,
    icon: orNull(string),
    unicode_emoji: orNull(string),
    position: count,
    permissions: bits,
    managed: boolean,
    mentionable: boolean,
    flags: count,
  },
  { description: orNull(string), tags: { type: 'object' } },
)

/** Type 0 is for a role, type 1 for a member. */
const overwrite = object({ id, type: oneOf(0, 1), allow: bits, deny: bits })

export const directChannel = object(
  { id, type: { const: 1 }, flags: count, recipients: array(user), last_message_id: orNull(id) },
  { last_pin_timestamp: orNull(time) },
)

const channelRequired = {
  id,
  guild_id: id,
  name: { type: 'string', minLength: 1, maxLength: 100 },
  position: count,
  permission_overwrites: array(overwrite),
  parent_id: orNull(id),
  nsfw: boolean,
  flags: count,
}
const messageFields = { last_message_id: orNull(id), rate_limit_per_user: count }
const textFields = { topic: orNull(string), ...messageFields }
const voiceFields = {
  bitrate: count,
  user_limit: count,
  rtc_region: orNull(string),
  video_quality_mode: oneOf(1, 2),
  ...messageFields,
}
const channelOptional = {
  ...textFields,
  last_pin_timestamp: orNull(time),
  default_auto_archive_duration: count,
  default_thread_rate_limit_per_user: count,
  permissions: bits,
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

const counts = { approximate_member_count: count, approximate_presence_count: count }

const guildRequired = {
  id,
  name: text,
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
  system_channel_flags: count,
  widget_enabled: boolean,
  widget_channel_id: orNull(id),
  verification_level: { type: 'integer', minimum: 0, maximum: 4 },
  roles: array(role, { minItems: 1 }),
  default_message_notifications: oneOf(0, 1),
  mfa_level: oneOf(0, 1),
  explicit_content_filter: oneOf(0, 1, 2),
  max_presences: orNull(count),
  max_members: count,
  max_stage_video_channel_users: count,
  max_video_channel_users: count,
  vanity_url_code: orNull(string),
  premium_tier: count,
  premium_subscription_count: count,
  preferred_locale: text,
  rules_channel_id: orNull(id),
  safety_alerts_channel_id: orNull(id),
  public_updates_channel_id: orNull(id),
  premium_progress_bar_enabled: boolean,
  nsfw: boolean,
  nsfw_level: count,
  emojis: array(emoji),
  stickers: none,
  incidents_data: orNull({ type: 'object' }),
}
const guildOptional = { icon_hash: orNull(string), hub_type: nothing }

/** GET /guilds/:id and GUILD_UPDATE. */
export const guild = object(guildRequired, { ...guildOptional, ...counts })

export const guildCreate = object(
  {
    ...guildRequired,
    joined_at: time,
    large: boolean,
    member_count: count,
    members: array(member),
    channels: array(guildChannel),
    presences: array(presence),
    voice_states: array(voiceState),
    threads: none,
    stage_instances: none,
    guild_scheduled_events: none,
  },
  { ...guildOptional, soundboard_sounds: none, unavailable: boolean },
)

/** An entry of GET /users/@me/guilds. */
export const myGuild = object(
  {
    id,
    name: text,
    icon: orNull(string),
    banner: orNull(string),
    owner: boolean,
    permissions: bits,
    features: array(string),
  },
  counts,
)

const inviteGuild = object(
  {
    id,
    name: text,
    splash: orNull(string),
    banner: orNull(string),
    description: orNull(string),
    icon: orNull(string),
    features: array(string),
    verification_level: count,
    vanity_url_code: orNull(string),
    nsfw: boolean,
    nsfw_level: count,
    premium_subscription_count: count,
  },
  { premium_tier: count },
)
/** Where an invite leads. */
export const inviteTarget = { guild: inviteGuild, channel: object({ id, type: count, name: text }) }
const inviteRequired = {
  type: { const: 0 },
  code: text,
  expires_at: orNull(time),
  guild_id: id,
  ...inviteTarget,
}
const inviteOptional = { flags: count, ...counts }
const metadata = {
  inviter: user,
  uses: count,
  max_uses: count,
  max_age: count,
  temporary: boolean,
  created_at: time,
}

/** An invite, as its code shows it to anyone. */
export const invite = object(inviteRequired, { ...inviteOptional, ...metadata })
/** An invite, as its channel or guild lists it. */
export const inviteWithMetadata = object({ ...inviteRequired, ...metadata }, inviteOptional)

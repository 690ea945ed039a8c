import {
  array,
  boolean,
  id,
  nonEmptyString,
  nullValue,
  object,
  oneOf,
  orNull,
  permissionBits,
  string,
  timestamp,
  uint,
} from './build.ts'

const primaryGuild = object({
  identity_guild_id: orNull(id),
  identity_enabled: orNull(boolean),
  tag: orNull(string),
  badge: orNull(string),
})

const userRequired = {
  id,
  username: string,
  discriminator: string,
  global_name: orNull(string),
  avatar: orNull(string),
  flags: uint,
  public_flags: uint,
  primary_guild: orNull(primaryGuild),
}
const userOptional = {
  bot: boolean,
  system: boolean,
  banner: orNull(string),
  accent_color: orNull(uint),
  avatar_decoration_data: nullValue,
  collectibles: nullValue,
}

/** A user as others see them. */
export const user = object(userRequired, userOptional)

const meOptional = {
  ...userOptional,
  premium_type: uint,
  email: orNull(string),
  verified: boolean,
}

/** GET /users/@me. */
export const ownUser = object({ ...userRequired, mfa_enabled: boolean, locale: string }, meOptional)

/** The user in READY. */
export const readyUser = object(userRequired, {
  ...meOptional,
  mfa_enabled: boolean,
  locale: string,
})

const memberRequired = {
  nick: orNull(string),
  avatar: orNull(string),
  banner: orNull(string),
  roles: array(id, { uniqueItems: true }),
  joined_at: timestamp,
  premium_since: orNull(timestamp),
  deaf: boolean,
  mute: boolean,
  flags: uint,
  pending: boolean,
  communication_disabled_until: orNull(timestamp),
}
const memberOptional = {
  avatar_decoration_data: nullValue,
  collectibles: nullValue,
  permissions: permissionBits,
}

/** A member in an event that carries the user elsewhere, such as a message's author. */
export const partialMember = object(memberRequired, memberOptional)
export const member = object({ ...memberRequired, user }, memberOptional)
/** GUILD_MEMBER_ADD and GUILD_MEMBER_UPDATE. */
export const memberEvent = object({ ...memberRequired, user, guild_id: id }, memberOptional)
/** A mentioned user, with the member in an event of a guild. */
export const mentionedUser = object(userRequired, { ...userOptional, member: partialMember })

const status = oneOf('online', 'idle', 'dnd', 'offline')
const activity = object(
  {
    id: string,
    name: string,
    type: { type: 'integer', minimum: 0, maximum: 5 },
    created_at: uint,
  },
  { url: orNull(string), state: orNull(string) },
)

/** PRESENCE_UPDATE, and a presence in GUILD_CREATE or GUILD_MEMBERS_CHUNK. */
export const presence = object({
  user: object({ id }),
  guild_id: id,
  status,
  activities: array(activity),
  client_status: { type: 'object', additionalProperties: status },
})

/** VOICE_STATE_UPDATE, and a voice state in GUILD_CREATE. */
export const voiceState = object(
  {
    guild_id: id,
    channel_id: orNull(id),
    user_id: id,
    session_id: nonEmptyString,
    deaf: boolean,
    mute: boolean,
    self_deaf: boolean,
    self_mute: boolean,
    self_stream: boolean,
    self_video: boolean,
    suppress: boolean,
    request_to_speak_timestamp: orNull(timestamp),
  },
  { member },
)

/** GET /oauth2/applications/@me. */
export const application = object(
  {
    id,
    name: string,
    icon: orNull(string),
    description: string,
    type: orNull(uint),
    verify_key: string,
    flags: uint,
    flags_new: { type: 'string', pattern: '^[0-9]+$' },
    redirect_uris: array(string),
    interactions_endpoint_url: orNull(string),
    role_connections_verification_url: orNull(string),
    owner: user,
    approximate_guild_count: uint,
    approximate_user_install_count: uint,
    approximate_user_authorization_count: uint,
    explicit_content_filter: uint,
    team: nullValue,
    eligible_oauth2_scopes: array(string),
  },
  {
    bot: user,
    bot_public: boolean,
    bot_require_code_grant: boolean,
    cover_image: orNull(string),
    custom_install_url: orNull(string),
    event_webhooks_status: uint,
    event_webhooks_types: array(string),
    event_webhooks_url: orNull(string),
    guild_id: id,
    hook: boolean,
    install_params: orNull({ type: 'object' }),
    integration_types_config: { type: 'object' },
    privacy_policy_url: orNull(string),
    rpc_origins: array(string),
    slug: string,
    summary: string,
    tags: array(string),
    terms_of_service_url: orNull(string),
  },
)

import { type MessageId, timeToWire } from '@threshold/contract'
import type { Channel, Guild, Member, Role, User } from '../model.ts'

/**
 * The functions in this file turn stored types into Discord's wire format. Each field is read by
 * at least one client library; the contract says which.
 */
export const userToWire = (user: User) => ({
  id: user.id,
  username: user.username,
  discriminator: '0',
  global_name: null,
  avatar: null,
  bot: user.bot,
  system: false,
  banner: null,
  accent_color: null,
  primary_guild: null,
  public_flags: 0,
  flags: 0,
})

export const memberToWire = (member: Member) => ({
  ...partialMemberToWire(member),
  user: userToWire(member.user),
})

/** A member without the user, for events that carry it elsewhere, such as a message. */
export const partialMemberToWire = (member: Member) => ({
  nick: member.nick,
  avatar: null,
  banner: null,
  roles: [...member.roles],
  joined_at: timeToWire(member.joinedAt),
  premium_since: null,
  deaf: member.deaf,
  mute: member.mute,
  flags: 0,
  pending: false,
  communication_disabled_until: null,
})

export const roleToWire = (role: Role) => ({
  id: role.id,
  name: role.name,
  description: null,
  color: role.color,
  colors: { primary_color: role.color, secondary_color: null, tertiary_color: null },
  hoist: role.hoist,
  icon: null,
  unicode_emoji: null,
  position: role.position,
  permissions: role.permissions,
  managed: false,
  mentionable: role.mentionable,
  flags: 0,
})

export interface ChannelContext {
  /** Undefined if the channel has no message. */
  readonly lastMessageId?: MessageId | undefined
  /** The other users of a direct message, from its viewer. */
  readonly recipients?: readonly User[]
}

export function channelToWire(
  channel: Channel,
  { lastMessageId, recipients = [] }: ChannelContext = {},
): object {
  const last_message_id = lastMessageId ?? null
  if (channel.type === 1)
    return {
      id: channel.id,
      type: 1,
      flags: 0,
      last_message_id,
      recipients: recipients.map(userToWire),
    }
  return {
    id: channel.id,
    type: channel.type,
    guild_id: channel.guildId,
    name: channel.name,
    topic: channel.topic,
    position: channel.position,
    parent_id: channel.parentId,
    nsfw: channel.nsfw,
    rate_limit_per_user: channel.rateLimitPerUser,
    permission_overwrites: channel.overwrites.map((o) => ({ ...o })),
    last_message_id,
    flags: 0,
    ...(channel.type === 2
      ? {
          bitrate: channel.bitrate ?? 64_000,
          user_limit: channel.userLimit ?? 0,
          rtc_region: null,
          video_quality_mode: 1,
        }
      : {}),
  }
}

export const guildToWire = (guild: Guild, roles: Iterable<Role>) => ({
  id: guild.id,
  name: guild.name,
  icon: null,
  icon_hash: null,
  splash: null,
  discovery_splash: null,
  home_header: null,
  banner: null,
  owner_id: guild.ownerId,
  region: 'deprecated',
  description: guild.description,
  afk_channel_id: guild.afkChannelId,
  afk_timeout: guild.afkTimeout,
  widget_enabled: false,
  widget_channel_id: null,
  verification_level: guild.verificationLevel,
  default_message_notifications: guild.defaultMessageNotifications,
  explicit_content_filter: guild.explicitContentFilter,
  roles: [...roles].map(roleToWire),
  emojis: [],
  stickers: [],
  features: [],
  mfa_level: 0,
  application_id: null,
  system_channel_id: guild.systemChannelId,
  system_channel_flags: 0,
  rules_channel_id: null,
  public_updates_channel_id: null,
  safety_alerts_channel_id: null,
  max_presences: null,
  max_members: 500_000,
  max_video_channel_users: 25,
  max_stage_video_channel_users: 50,
  vanity_url_code: null,
  premium_tier: 0,
  premium_subscription_count: 0,
  premium_progress_bar_enabled: false,
  preferred_locale: guild.preferredLocale,
  nsfw: false,
  nsfw_level: 0,
  hub_type: null,
  incidents_data: null,
})

import {
  APPLICATION_FLAGS,
  type GuildId,
  Intent,
  timeOf,
  timeToWire,
  type UserId,
} from '@threshold/contract'
import {
  channelToWire,
  type GuildView,
  guildToWire,
  type Member,
  memberToWire,
  type Presence,
  presenceToWire,
  userToWire,
  voiceStateToWire,
} from '@threshold/domain'
import type { Identity, UserView } from '@threshold/ports'
import { directChannelToWire } from '../guild/direct-channels.ts'
import type { Recipient } from './dispatch-cache.ts'

/** READY, the first event of a session. It names the guilds; a GUILD_CREATE follows for each. */
export function readyPayload(
  { id, shard, version, resumeUrl }: Identity,
  { user, directChannels }: UserView,
  guilds: readonly GuildId[],
): object {
  return {
    v: version,
    user: { ...userToWire(user), verified: true, email: null, mfa_enabled: false },
    guilds: guilds.map((guild) => ({ id: guild, unavailable: true })),
    session_id: id,
    session_type: 'normal',
    resume_gateway_url: resumeUrl,
    ...(shard ? { shard } : {}),
    application: { id: user.id, flags: APPLICATION_FLAGS },
    private_channels: directChannels.map(directChannelToWire),
    presences: [],
    relationships: [],
    user_settings: {},
    guild_join_requests: [],
    geo_ordered_rtc_regions: [],
    _trace: [],
  }
}

/** GUILD_CREATE: the guild as one session may see it. */
export function guildCreatePayload(
  view: GuildView,
  members: readonly Member[],
  presences: ReadonlyMap<UserId, Presence>,
  recipient: Recipient & { readonly largeThreshold: number; readonly announced: boolean },
): object {
  const membersById = new Map(members.map((member) => [member.user.id, member]))
  return {
    ...guildToWire(view.guild, view.roles),
    joined_at: timeToWire(view.me.joinedAt || timeOf(view.guild.id)),
    large: view.memberCount > recipient.largeThreshold,
    // Marks a guild that READY announced. Otherwise discord.py and related libraries report that
    // the user has just joined it.
    ...(recipient.announced ? { unavailable: false } : {}),
    member_count: view.memberCount,
    members: members.map(memberToWire),
    channels: view.channels.map((channel) =>
      channelToWire(channel, { lastMessageId: view.lastMessages.get(channel.id) }),
    ),
    presences:
      (recipient.intents & Intent.GuildPresences) === 0
        ? []
        : [...presences].map(([user, presence]) => presenceToWire(view.guild.id, user, presence)),
    voice_states: view.voiceStates.map((state) =>
      voiceStateToWire(view.guild.id, state.userId, state, membersById.get(state.userId)),
    ),
    threads: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  }
}

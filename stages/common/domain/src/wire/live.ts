import type { ChannelId, MessageId } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Role } from '../model.ts'
import { memberToWire } from './guild.ts'

/**
 * Who a member is in a voice channel; kept in memory alone, since a call does not outlive the
 * processes that carry it.
 */
export interface VoiceState {
  readonly userId: string
  readonly channelId: string
  readonly sessionId: string
  readonly selfMute: boolean
  readonly selfDeaf: boolean
  /** Lacks the permission to speak there. */
  readonly suppress?: boolean
}

export const voiceStateToWire = (
  guildId: string,
  userId: string,
  state: Omit<VoiceState, 'userId' | 'channelId'> & { channelId: string | null },
  member?: Member,
) => ({
  guild_id: guildId,
  channel_id: state.channelId,
  user_id: userId,
  ...(member ? { member: memberToWire(member) } : {}),
  session_id: state.sessionId,
  deaf: member?.deaf ?? false,
  mute: member?.mute ?? false,
  self_deaf: state.selfDeaf,
  self_mute: state.selfMute,
  self_stream: false,
  self_video: false,
  suppress: state.suppress ?? false,
  request_to_speak_timestamp: null,
})

export interface Presence {
  readonly status: 'online' | 'idle' | 'dnd' | 'offline'
  readonly activities: readonly object[]
}

export const OFFLINE: Presence = { status: 'offline', activities: [] }

export const presenceToWire = (guildId: string, userId: string, presence: Presence): object => ({
  user: { id: userId },
  guild_id: guildId,
  status: presence.status,
  activities: presence.activities,
  client_status: presence.status === 'offline' ? {} : { desktop: presence.status },
})

/** GUILD_CREATE, but for what each session may see of it. */
export interface GuildView {
  readonly guild: Guild
  readonly roles: readonly Role[]
  /** Those the viewer may see. */
  readonly channels: readonly Channel[]
  readonly me: Member
  readonly memberCount: number
  readonly voiceStates: readonly VoiceState[]
  /** The newest message of each of those channels. A channel without any is absent. */
  readonly lastMessages: ReadonlyMap<ChannelId, MessageId>
}

export const guildView = (
  state: GuildState,
  me: Member,
  seen: Pick<GuildView, 'channels' | 'voiceStates' | 'lastMessages'>,
): GuildView => ({
  guild: state.guild,
  roles: [...state.roles.values()],
  me,
  memberCount: state.members.size,
  ...seen,
})

import type { ChannelId, MessageId } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Role } from '../model.ts'
import { memberToWire } from './guild.ts'

/**
 * A member's state in a voice channel. It is kept only in memory, because a call does not outlive
 * the process that relays it.
 */
export interface VoiceState {
  readonly userId: string
  readonly channelId: string
  readonly sessionId: string
  readonly selfMute: boolean
  readonly selfDeaf: boolean
  /** Whether the member lacks the permission to speak there. */
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

export interface Activity {
  readonly name: string
  readonly type: number
  /** The address of a stream. */
  readonly url?: string | null | undefined
}

export interface Presence {
  readonly status: 'online' | 'idle' | 'dnd' | 'offline'
  readonly activities: readonly Activity[]
}

export const OFFLINE: Presence = { status: 'offline', activities: [] }

export const presenceToWire = (guildId: string, userId: string, presence: Presence): object => ({
  user: { id: userId },
  guild_id: guildId,
  status: presence.status,
  activities: presence.activities,
  client_status: presence.status === 'offline' ? {} : { desktop: presence.status },
})

/** A guild as one member may see it, from which a session makes GUILD_CREATE. */
export interface GuildView {
  readonly guild: Guild
  readonly roles: readonly Role[]
  /** The channels that the member may view. */
  readonly channels: readonly Channel[]
  readonly me: Member
  readonly memberCount: number
  readonly voiceStates: readonly VoiceState[]
  /** The newest message of each of these channels. A channel without messages is absent. */
  readonly lastMessages: ReadonlyMap<ChannelId, MessageId>
}

export const guildView = (
  state: GuildState,
  me: Member,
  visible: Pick<GuildView, 'channels' | 'voiceStates' | 'lastMessages'>,
): GuildView => ({
  guild: state.guild,
  roles: [...state.roles.values()],
  me,
  memberCount: state.members.size,
  ...visible,
})

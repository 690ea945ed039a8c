import type { ChannelId, GuildId } from '@threshold/contract'
import type { VoiceServer } from '../voice/index.ts'
import type { Identity } from './payloads.ts'

/** The voice channel that a client asks for (null to leave), and its own mute and deafen flags. */
export interface VoiceRequest {
  readonly channelId: ChannelId | null
  readonly selfMute: boolean
  readonly selfDeaf: boolean
}

/** The fields of VOICE_STATE_UPDATE that are read here. */
interface VoiceStateWire {
  readonly user_id: string
  readonly channel_id: string | null
  readonly session_id: string
  readonly mute: boolean
  readonly suppress: boolean
}

/**
 * The calls that one session takes part in. It passes the voice states of the session's guilds on
 * to the voice server, which relies on the gateway for who may be in a call.
 */
export class VoiceParticipation {
  readonly #voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'setMuted'>
  readonly #identity: Identity
  readonly #calls = new Map<GuildId, VoiceRequest>()
  /** Guilds in which the session may listen, but not speak. */
  readonly #mutedIn = new Set<GuildId>()

  constructor(voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'setMuted'>, identity: Identity) {
    this.#voice = voice
    this.#identity = identity
  }

  /**
   * Admits the session to a channel that the guild has let it join. Returns the data of
   * VOICE_SERVER_UPDATE, or undefined if the client keeps its voice connection.
   */
  enterChannel(guildId: GuildId, channelId: ChannelId, request: VoiceRequest): object | undefined {
    const previous = this.#calls.get(guildId)
    this.#calls.set(guildId, request)
    // A new token makes the client reconnect its voice socket. A client that only mutes or deafens
    // itself must not. A client that repeats its last request has lost the socket, and needs one.
    if (
      previous?.channelId === channelId &&
      (previous.selfMute !== request.selfMute || previous.selfDeaf !== request.selfDeaf)
    )
      return undefined
    const { token, endpoint } = this.#voice.admit({
      guildId,
      channelId,
      userId: this.#identity.user.id,
      sessionId: this.#identity.id,
      muted: this.#mutedIn.has(guildId),
    })
    return { token, guild_id: guildId, endpoint }
  }

  /**
   * Adapts the call to a voice state, whatever has changed it: a moderator who mutes or kicks, a
   * deleted channel, or another session of the user.
   */
  applyVoiceState(guildId: GuildId, data: object): void {
    const { user_id, channel_id, session_id, mute, suppress } = data as VoiceStateWire
    if (user_id !== this.#identity.user.id) return
    const isThisSession = channel_id !== null && session_id === this.#identity.id
    // The voice state arrives before `enterChannel`, which then admits the session muted.
    if (isThisSession) this.#setMuted(guildId, mute || suppress)
    if (!this.#calls.has(guildId)) return
    if (channel_id === null) this.#voice.dismiss(guildId, user_id)
    if (!isThisSession) this.#calls.delete(guildId)
  }

  /** The user is no longer a member of the guild. */
  leaveGuild(guildId: GuildId): void {
    this.#voice.dismiss(guildId, this.#identity.user.id)
    this.#calls.delete(guildId)
    this.#mutedIn.delete(guildId)
  }

  end(): void {
    for (const guildId of this.#calls.keys()) this.#voice.dismiss(guildId, this.#identity.user.id)
  }

  #setMuted(guildId: GuildId, muted: boolean): void {
    if (muted) this.#mutedIn.add(guildId)
    else this.#mutedIn.delete(guildId)
    this.#voice.setMuted(guildId, this.#identity.user.id, muted)
  }
}

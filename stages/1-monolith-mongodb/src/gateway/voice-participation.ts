import type { ChannelId, GuildId } from '@threshold/contract'
import type { VoiceServer } from '../voice/index.ts'
import type { Identity } from './dispatch-cache.ts'

/** Where a client wants to talk, and how. */
export interface VoiceRequest {
  readonly channelId: ChannelId | null
  readonly selfMute: boolean
  readonly selfDeaf: boolean
}

/** What of VOICE_STATE_UPDATE is needed here. */
interface VoiceStateWire {
  readonly user_id: string
  readonly channel_id: string | null
  readonly session_id: string
  readonly mute: boolean
  readonly suppress: boolean
}

/**
 * One session's part in calls: between what its guilds say of it and the voice server, which
 * believes the gateway.
 */
export class VoiceParticipation {
  readonly #voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'silence'>
  readonly #identity: Identity
  readonly #calls = new Map<GuildId, VoiceRequest>()
  /** Guilds in which this session may listen and not speak. */
  readonly #silent = new Set<GuildId>()

  constructor(voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'silence'>, identity: Identity) {
    this.#voice = voice
    this.#identity = identity
  }

  /**
   * The guild let them. Answers what VOICE_SERVER_UPDATE must say, or undefined where they talk on
   * as before.
   */
  enterChannel(guildId: GuildId, channelId: ChannelId, wish: VoiceRequest): object | undefined {
    const before = this.#calls.get(guildId)
    this.#calls.set(guildId, wish)
    // A new token makes clients enter anew, and nobody should who only mutes themselves. Whoever
    // asks for what they have already, as it is, has lost their voice socket and needs one.
    if (
      before?.channelId === channelId &&
      (before.selfMute !== wish.selfMute || before.selfDeaf !== wish.selfDeaf)
    )
      return undefined
    const { id: sessionId, user } = this.#identity
    const seat = {
      guildId,
      channelId,
      userId: user.id,
      sessionId,
      silent: this.#silent.has(guildId),
    }
    const { token, endpoint } = this.#voice.admit(seat)
    return { token, guild_id: guildId, endpoint }
  }

  /**
   * The call follows the voice state, whoever changed it: a moderator who mutes, a kick, a deleted
   * channel, another session.
   */
  applyVoiceState(guildId: GuildId, data: object): void {
    const { user_id, channel_id, session_id, mute, suppress } = data as VoiceStateWire
    if (user_id !== this.#identity.user.id) return
    const here = channel_id !== null && session_id === this.#identity.id
    // Told before the seat is asked for: then it is remembered, and the seat begins so.
    if (here) this.#silence(guildId, mute || suppress)
    if (!this.#calls.has(guildId)) return
    if (channel_id === null) this.#voice.dismiss(guildId, user_id)
    if (!here) this.#calls.delete(guildId)
  }

  /** They are out of the guild. */
  leaveGuild(guildId: GuildId): void {
    this.#voice.dismiss(guildId, this.#identity.user.id)
    this.#calls.delete(guildId)
    this.#silent.delete(guildId)
  }

  end(): void {
    for (const guildId of this.#calls.keys()) this.#voice.dismiss(guildId, this.#identity.user.id)
  }

  #silence(guildId: GuildId, silent: boolean): void {
    if (silent) this.#silent.add(guildId)
    else this.#silent.delete(guildId)
    this.#voice.silence(guildId, this.#identity.user.id, silent)
  }
}

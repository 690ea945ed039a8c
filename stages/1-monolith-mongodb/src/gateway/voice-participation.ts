import type { ChannelId, GuildId } from '@threshold/contract'
import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type {
  Identity,
  SessionRemainder,
  Subscription,
  VoiceCalls,
  VoiceRequest,
} from '@threshold/ports'

/** The fields of VOICE_STATE_UPDATE that are read here. */
interface VoiceStateWire {
  readonly user_id: string
  readonly channel_id: string | null
  readonly session_id: string
  readonly mute: boolean
  readonly suppress: boolean
}

interface VoiceDependencies {
  readonly voice: VoiceCalls
  readonly runtime: Pick<Runtime, 'clock' | 'log'>
}

/** Time limit for telling the voice server that a user was muted or has left, in milliseconds. */
const NOTIFY_TIMEOUT_MS = 5_000

/**
 * The calls that one session takes part in. It passes the voice states of the session's guilds on
 * to the voice server, which relies on the gateway for who may be in a call.
 */
export class VoiceParticipation {
  readonly #dependencies: VoiceDependencies
  readonly #identity: Pick<Identity, 'id' | 'userId'>
  readonly #calls = new Map<GuildId, VoiceRequest>()
  /** Guilds in which the session may listen, but not speak. */
  readonly #mutedIn = new Set<GuildId>()
  #closed = false

  constructor(dependencies: VoiceDependencies, identity: Pick<Identity, 'id' | 'userId'>) {
    this.#dependencies = dependencies
    this.#identity = identity
  }

  /**
   * Joins, changes or leaves a voice channel. Resolves to the data of VOICE_SERVER_UPDATE, if the
   * client needs it.
   */
  async move(
    subscription: Subscription,
    { guildId, channelId, selfMute, selfDeaf }: VoiceRequest & { readonly guildId: GuildId },
    deadline: Deadline,
  ): Promise<object | undefined> {
    const change = { channelId, selfMute, selfDeaf, sessionId: this.#identity.id }
    const result = await subscription.setVoiceState(change, deadline)
    // The session may have ended meanwhile: even the delivery of this voice state can end it. It
    // gets no more events then, so nothing would take the user out of a call entered now.
    if (this.#closed || result !== 'moved' || channelId === null) return undefined
    return this.#enterChannel(guildId, { channelId, selfMute, selfDeaf }, deadline)
  }

  /**
   * Admits the session to a channel that the guild has let it join. Resolves to the data of
   * VOICE_SERVER_UPDATE, or to undefined if the client keeps its voice connection or has left the
   * channel meanwhile. If the voice server does not answer, the data has no endpoint: a client then
   * waits for another VOICE_SERVER_UPDATE.
   */
  async #enterChannel(
    guildId: GuildId,
    request: VoiceRequest & { readonly channelId: ChannelId },
    deadline: Deadline,
  ): Promise<object | undefined> {
    const previous = this.#calls.get(guildId)
    this.#calls.set(guildId, request)
    // A new token makes the client reconnect its voice socket. A client that only mutes or deafens
    // itself must not. A client that repeats its last request has lost the socket, and needs one.
    if (
      previous?.channelId === request.channelId &&
      (previous.selfMute !== request.selfMute || previous.selfDeaf !== request.selfDeaf)
    )
      return undefined
    const admission = {
      guildId,
      channelId: request.channelId,
      userId: this.#identity.userId,
      sessionId: this.#identity.id,
      muted: this.#mutedIn.has(guildId),
    }
    const { voice, runtime } = this.#dependencies
    const server = await voice.admit(admission, deadline).catch((error: unknown) => {
      runtime.log.warn({ err: messageOf(error) }, 'the voice server did not admit a user')
      return { token: '', endpoint: null }
    })
    // If the call ended meanwhile, its dismissal follows the admission and takes effect.
    return this.#calls.get(guildId) === request ? { ...server, guild_id: guildId } : undefined
  }

  /**
   * Adapts the call to a voice state, whatever has changed it: a moderator who mutes or kicks, a
   * deleted channel, or another session of the user.
   */
  applyVoiceState(guildId: GuildId, data: object): void {
    const { user_id, channel_id, session_id, mute, suppress } = data as VoiceStateWire
    if (user_id !== this.#identity.userId) return
    const isThisSession = channel_id !== null && session_id === this.#identity.id
    // The voice state arrives before `#enterChannel`, which then admits the session muted.
    if (isThisSession) this.#setMuted(guildId, mute || suppress)
    if (!this.#calls.has(guildId)) return
    if (channel_id === null) this.#dismiss(guildId)
    if (!isThisSession) this.#calls.delete(guildId)
  }

  /** The user is no longer a member of the guild. */
  leaveGuild(guildId: GuildId): void {
    this.#dismiss(guildId)
    this.#calls.delete(guildId)
    this.#mutedIn.delete(guildId)
  }

  /** The session has ended. Its calls go on if another process has it. */
  close(): void {
    this.#closed = true
  }

  callIn(guildId: GuildId): VoiceRequest | undefined {
    return this.#calls.get(guildId)
  }

  /** The calls, for the session's next process. */
  state(): Pick<SessionRemainder, 'calls' | 'mutedIn'> {
    return { calls: [...this.#calls], mutedIn: [...this.#mutedIn] }
  }

  restore({ calls, mutedIn }: Pick<SessionRemainder, 'calls' | 'mutedIn'>): void {
    for (const [guildId, request] of calls) this.#calls.set(guildId, request)
    for (const guildId of mutedIn) this.#mutedIn.add(guildId)
  }

  end(): void {
    for (const guildId of this.#calls.keys()) this.#dismiss(guildId)
    this.#calls.clear()
  }

  #dismiss(guildId: GuildId): void {
    const { voice } = this.#dependencies
    this.#notify((deadline) => voice.dismiss(guildId, this.#identity.userId, deadline))
  }

  #setMuted(guildId: GuildId, muted: boolean): void {
    if (muted) this.#mutedIn.add(guildId)
    else this.#mutedIn.delete(guildId)
    const { voice } = this.#dependencies
    if (this.#calls.has(guildId))
      this.#notify((deadline) => voice.setMuted(guildId, this.#identity.userId, muted, deadline))
  }

  /** Events of a guild are delivered without waiting, so a failure is only logged. */
  #notify(call: (deadline: Deadline) => Promise<void>): void {
    const { clock, log } = this.#dependencies.runtime
    call(deadlineAfter(NOTIFY_TIMEOUT_MS, clock)).catch((error: unknown) =>
      log.warn({ err: messageOf(error) }, 'the voice server did not learn of a change of a call'),
    )
  }
}

import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Presence } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { EncodedEvent } from './compute.ts'
import type { LogPosition } from './guild-hub.ts'

/** A session's user, and the choices that its client made in the URL and in IDENTIFY. */
export interface Identity {
  readonly id: string
  readonly userId: UserId
  readonly intents: number
  readonly largeThreshold: number
  /** `[id, count]`: the session wants the guilds of one shard. Undefined: it wants all guilds. */
  readonly shard?: readonly [id: number, count: number] | undefined
  readonly presence: Presence
  readonly version: number
  readonly resumeUrl: string
  /** Deflate long payloads one by one. */
  readonly compress: boolean
}

/** The voice channel that a client asks for (null to leave), and its own mute and deafen flags. */
export interface VoiceRequest {
  readonly channelId: ChannelId | null
  readonly selfMute: boolean
  readonly selfDeaf: boolean
}

/** The data by which another process begins where a session is. */
export interface SessionSnapshot {
  /** Names this snapshot. A later one of the same session makes it void. */
  readonly token: string
  readonly identity: Identity
  /** Others see the user offline, since the client has been away for a while. */
  readonly hidden: boolean
  /** The number of the newest event. */
  readonly sequence: number
  /** The newest events, which the client may not have. They end with `sequence`. */
  readonly sent: readonly EncodedEvent[]
  /** The guilds that READY named. */
  readonly announced: readonly GuildId[]
  /** The guilds that the session is in, each with its call there. */
  readonly guilds: readonly { readonly id: GuildId; readonly call: VoiceRequest | undefined }[]
}

/** Where a session begins in another process: in each guild, and outside of guilds. */
export interface SessionStarts {
  /** The token of the snapshot. */
  readonly token: string
  readonly guilds: ReadonlyMap<GuildId, LogPosition>
  readonly user: LogPosition
}

/** The events and changes that a session has received from its snapshot to its end. */
export interface SessionRemainder {
  readonly events: readonly EncodedEvent[]
  /** Guilds that the user has joined. The session is not in them yet. */
  readonly joined: readonly GuildId[]
  readonly calls: readonly (readonly [GuildId, VoiceRequest])[]
  /** Guilds in which the session may listen, but not speak. */
  readonly mutedIn: readonly GuildId[]
}

/** A session of another process that a client resumes in this one. */
export interface RemoteSession {
  readonly snapshot: SessionSnapshot
  /**
   * Ends the session there, without a trace for others: the one that goes on here has its id.
   * Rejects with `UNAVAILABLE` if the snapshot is void, since the session goes on elsewhere.
   */
  handOver(starts: SessionStarts, deadline: Deadline): Promise<SessionRemainder>
}

/**
 * The newest events that one session has sent, and that its client may have missed. `E` is an
 * encoded event.
 */
export interface SentEvents<E> {
  /** Keeps an event. The oldest ones are dropped if there are too many. */
  add(event: E, sequence: number): void
  /** The client has everything up to this number. */
  acknowledge(sequence: number): void
  /** Whether all events after this number are kept. */
  keepsAfter(sequence: number): boolean
  /** All events after this number, in order. Undefined: some of them are not kept any more. */
  after(sequence: number): readonly NumberedEvent<E>[] | undefined
  /** All that are kept, in order. */
  all(): readonly NumberedEvent<E>[]
}

export interface NumberedEvent<E> {
  readonly event: E
  readonly sequence: number
}

/** A session of this process, as a registry sees it. */
export interface ResumableSession {
  readonly id: string
  readonly userId: UserId
  /** Whether a client is connected to it. */
  isConnected(): boolean
  /** Its user is shown as offline until the client resumes it. */
  hidePresence(): void
  /** For another process. The session goes on until `handOver`, without its client. */
  snapshot(deadline: Deadline): Promise<SessionSnapshot>
  handOver: RemoteSession['handOver']
  end(): void
}

/**
 * Keeps sessions beyond the life of their sockets. Stage 1's keeps none, so each dropped socket
 * costs a new IDENTIFY with all its reads. Lab 1.5 shows that flaw; stage 3 replaces the adapter.
 */
export interface SessionRegistry<S extends ResumableSession, E> extends AsyncDisposable {
  /** Says how this process goes on with a session that another one gives away when it stops. */
  onAdopt(restore: (from: RemoteSession) => Promise<S>): void
  /** A session begins. Undefined: nothing is kept, and it ends with its socket. */
  add(session: S): SentEvents<E> | undefined
  /** The session has lost its socket. The registry ends it unless its client resumes it in time. */
  disconnected(session: S): void
  /** The session has ended. */
  remove(session: S): void
  /**
   * Finds a session, in whatever process it is. Undefined: there is none of this id, or it belongs
   * to another user. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED`.
   */
  claim(
    request: { readonly sessionId: string; readonly userId: UserId },
    deadline: Deadline,
  ): Promise<S | RemoteSession | undefined>
}

import type { ChannelId, GuildId, MessageId, UserId } from '@threshold/contract'
import type {
  Channel,
  GuildCommand,
  GuildEvent,
  GuildState,
  GuildView,
  Member,
  Presence,
  Refusal,
  VoiceState,
} from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/** An event on its way to sessions: what a gateway dispatch says, and who may hear it. */
export interface HubEvent {
  readonly v: 1
  /** The same id is published once, however often it is tried: a retried send is one event. */
  readonly id: string
  /** The dispatch, such as MESSAGE_CREATE. */
  readonly type: string
  readonly data: object
  /** Only who can view this channel hears of it. Absent: every member. */
  readonly channelId?: ChannelId
  /**
   * Of those who can view `channelId`, only who has all these permissions there: some things are
   * not for everybody to know.
   */
  readonly requiredPermissions?: bigint
  /** Who caused it: sees content without the MESSAGE_CONTENT intent. */
  readonly authorId?: UserId
  /** Whom it speaks to, who sees content likewise. */
  readonly mentions?: readonly UserId[]
}

/** A place in a log. Within an epoch sequences are contiguous; a session drops what it has seen. */
export interface LogPosition {
  readonly epoch: number
  readonly sequence: number
}

/**
 * What a session hears of a guild: the guild as it is, then everything after that, in the order of
 * the guild's log.
 */
export type Delivery =
  | {
      readonly kind: 'view'
      readonly view: GuildView
      readonly members: readonly Member[]
      readonly presences: ReadonlyMap<UserId, Presence>
      readonly position: LogPosition
    }
  | { readonly kind: 'event'; readonly event: HubEvent; readonly position: LogPosition }
  /**
   * The guild is gone for this session: deleted, or its user is no longer in it. Nothing follows.
   */
  | { readonly kind: 'left'; readonly guildId: GuildId }

export interface Subscriber {
  readonly userId: UserId
  readonly sessionId: string
  readonly presence: Presence
  /** Must not throw and must not wait: a slow session buffers on its own account. */
  deliver(delivery: Delivery): void
}

export interface Subscription {
  setPresence(presence: Presence): void
  /** `channelId` null leaves. Answers what became of it. */
  setVoiceState(
    change: Omit<VoiceState, 'channelId' | 'userId'> & { channelId: ChannelId | null },
    deadline: Deadline,
  ): Promise<'moved' | 'left' | Refusal>
  unsubscribe(): void
}

/** What a user may do in a guild, or in one of its channels, at this moment. */
export type Access =
  | {
      readonly kind: 'member'
      readonly member: Member
      readonly permissions: bigint
      readonly channel?: Channel
      readonly lastMessageId?: MessageId
    }
  | { readonly kind: 'unknown-guild' }
  | { readonly kind: 'unknown-channel' }
  | { readonly kind: 'not-member' }

export type ExecuteResult =
  | { readonly ok: true; readonly events: readonly GuildEvent[] }
  | { readonly ok: false; readonly refusal: Refusal | 'unknown-guild' }

/** What a user hears beside their guilds: direct messages, and that they joined a guild. */
export type UserDelivery =
  | { readonly kind: 'event'; readonly event: HubEvent; readonly position: LogPosition }
  | { readonly kind: 'joined'; readonly guildId: GuildId }

export type MemberQuery =
  | { readonly ids: readonly UserId[] }
  | { readonly prefix: string; readonly limit: number }
  | { readonly after: UserId; readonly limit: number }

/**
 * Where guilds live: each guild has one owner that knows its state, decides what is asked of it,
 * keeps one log of what happens and tells the sessions that may hear it. In stages 1 and 2 the
 * owner is this process; from stage 3 on an actor somewhere, and the port does not change.
 *
 * Guarantees: `publish` and `execute` resolve once the event is in the log. All sessions of a guild
 * hear its events in the order of the log, each once, none of a channel they cannot view, or whose
 * `needs` they lack, at that point of the log. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED`;
 * then publishing the same id again is safe, and a command has changed nothing that anybody hears
 * of: what a store may have kept of it all the same is taken back before anything else is decided.
 */
export interface GuildHub extends AsyncDisposable {
  create(state: GuildState, deadline: Deadline): Promise<void>
  execute(guild: GuildId, command: GuildCommand, deadline: Deadline): Promise<ExecuteResult>
  access(
    guild: GuildId,
    user: UserId,
    channel: ChannelId | undefined,
    deadline: Deadline,
  ): Promise<Access>
  view(guild: GuildId, user: UserId, deadline: Deadline): Promise<GuildView | undefined>
  members(guild: GuildId, query: MemberQuery, deadline: Deadline): Promise<readonly Member[]>
  presences(
    guild: GuildId,
    users: readonly UserId[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<UserId, Presence>>

  publish(guild: GuildId, event: HubEvent, deadline: Deadline): Promise<LogPosition>
  /** To every session of these users, whatever their guilds. */
  publishToUsers(users: readonly UserId[], event: HubEvent, deadline: Deadline): Promise<void>

  /**
   * A session joins a guild's audience. Undefined: there is no such guild, or the user is not in
   * it.
   */
  subscribe(
    guild: GuildId,
    subscriber: Subscriber,
    deadline: Deadline,
  ): Promise<Subscription | undefined>
  /** A session listens for what concerns its user. Returns how to stop. */
  subscribeUser(user: UserId, deliver: (delivery: UserDelivery) => void): () => void
}

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
  User,
  VoiceState,
} from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/** A gateway dispatch on its way to sessions, with the rules for who receives it. */
export interface HubEvent {
  readonly v: 1
  /** Idempotency key: the hub publishes an id once, so a retried send is one event. */
  readonly id: string
  /** The dispatch name, such as MESSAGE_CREATE. */
  readonly type: string
  /** All subscribers in one process get the same event object, so each form is encoded once. */
  readonly data: object
  /** `data` as JSON, if it came encoded. `data` is then decoded when it is first read. */
  readonly json?: Uint8Array
  /** Only members who can view this channel receive the event. Absent: all members do. */
  readonly channelId?: ChannelId
  /** Recipients also need all of these permissions in `channelId`, such as for an invite event. */
  readonly requiredPermissions?: bigint
  /** The author receives the content even without the MESSAGE_CONTENT intent. */
  readonly authorId?: UserId
  /** Mentioned users receive the content likewise. */
  readonly mentions?: readonly UserId[]
}

/** A position in a guild's log. Sequences are contiguous within an epoch. */
export interface LogPosition {
  readonly epoch: number
  readonly sequence: number
}

/**
 * A message from a guild to a session. The first one is a view of the guild, unless the session
 * continues one of another process. Every later event follows, in the order of the guild's log.
 * Another view replaces the first one if a new owner of the guild cannot continue its log.
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
  /** The guild was deleted, or the user is no longer a member. It is the last delivery. */
  | { readonly kind: 'left'; readonly guildId: GuildId }

/** A session as the hub sees it. */
export interface Subscriber {
  readonly userId: UserId
  readonly sessionId: string
  readonly presence: Presence
  /** The session has followed the guild in another process, and needs no view. Default: false. */
  readonly continues?: boolean
  /** The call in this guild of a session that continues. */
  readonly call?: Omit<VoiceState, 'channelId' | 'userId'> & { channelId: ChannelId | null }
  /** Must not throw and must not block: a slow session buffers for itself. */
  deliver(delivery: Delivery): void
}

/** A session's subscription to one guild. */
export interface Subscription {
  setPresence(presence: Presence): void
  /**
   * Joins or moves to a voice channel; a null `channelId` leaves the call. Resolves to the outcome,
   * or to the reason why the user may not join.
   */
  setVoiceState(
    change: Omit<VoiceState, 'channelId' | 'userId'> & { channelId: ChannelId | null },
    deadline: Deadline,
  ): Promise<'moved' | 'left' | Refusal>
  /**
   * Ends the subscription, and the session's call in this guild. If another subscription has the
   * same session id, that one has taken over, and others notice nothing.
   */
  unsubscribe(): void
  /** Unsubscribes. Resolves when the session has received everything up to the end. */
  close(deadline: Deadline): Promise<void>
  /** The session receives what comes after this position. */
  readonly start: LogPosition
}

export interface MemberAccess {
  readonly member: Member
  /** The member's permissions in the channel, or in the guild if no channel was given. */
  readonly permissions: bigint
}

/** The permissions of some users in a guild, or in one of its channels, at this moment. */
export type Access =
  | {
      readonly kind: 'found'
      /** The channel, if one was given. */
      readonly channel?: Channel
      readonly lastMessageId?: MessageId
      /** Those of the users who are members of the guild. */
      readonly members: ReadonlyMap<UserId, MemberAccess>
    }
  | { readonly kind: 'unknown-guild' }
  | { readonly kind: 'unknown-channel' }

export type ExecuteResult =
  | { readonly ok: true; readonly events: readonly GuildEvent[] }
  | { readonly ok: false; readonly refusal: Refusal | 'unknown-guild' }

/** A direct message channel as one of its users sees it. */
export interface DirectChannel {
  readonly channel: Channel
  /** The other user. Empty if there is no such user any more. */
  readonly recipients: readonly User[]
  /** Absent if the channel has no message, or the store did not answer in time. */
  readonly lastMessageId?: MessageId
}

/** A user's own state, which READY shows. */
export interface UserView {
  readonly user: User
  readonly guilds: readonly GuildId[]
  readonly directChannels: readonly DirectChannel[]
}

/**
 * A message to a session outside of guilds: a direct message, or that its user joined a guild. The
 * first one is a view, unless the session continues one of another process. Another view may
 * replace it, as that of a guild.
 */
export type UserDelivery =
  | { readonly kind: 'view'; readonly view: UserView; readonly position: LogPosition }
  | { readonly kind: 'event'; readonly event: HubEvent; readonly position: LogPosition }
  | { readonly kind: 'joined'; readonly guildId: GuildId; readonly position: LogPosition }

/** A session of a user, outside of guilds. */
export interface UserSubscriber {
  readonly userId: UserId
  readonly sessionId: string
  /** The session goes on from another process, and needs no view. Default: false. */
  readonly continues?: boolean
  /** Must not throw and must not block. */
  deliver(delivery: UserDelivery): void
}

export interface UserSubscription {
  unsubscribe(): void
  /** Unsubscribes. Resolves when the session has received everything up to the end. */
  close(deadline: Deadline): Promise<void>
  /** The session receives what comes after this position. */
  readonly start: LogPosition
}

export type MemberQuery =
  | { readonly ids: readonly UserId[] }
  | { readonly prefix: string; readonly limit: number }
  | { readonly after: UserId; readonly limit: number }

/**
 * Owns the guilds. Each guild has one owner, which holds its state, decides on commands, keeps one
 * log of events and delivers them to sessions. The owner is an object in this process in stages 1
 * and 2, and an actor in another process from stage 3 on. The port stays the same.
 *
 * Guarantees: `publish` and `execute` resolve once the event is in the log and durable. Every
 * session of a guild receives its events in log order and each of them once. It receives no event
 * of a channel that its user cannot view at that position of the log, or whose
 * `requiredPermissions` the user lacks there.
 *
 * Errors: methods reject with `UNAVAILABLE` or `DEADLINE_EXCEEDED` only. `create` and the
 * publishing methods may then be repeated. `execute` may not, since a command has no id: after
 * `DEADLINE_EXCEEDED` it may have taken effect, wholly or not at all. If the store kept part of it,
 * the hub undoes that before it decides on anything else.
 */
export interface GuildHub extends AsyncDisposable {
  create(state: GuildState, deadline: Deadline): Promise<void>
  /** Decides on a command. Resolves to its events, which are stored, or to the refusal. */
  execute(guild: GuildId, command: GuildCommand, deadline: Deadline): Promise<ExecuteResult>
  /** All users are answered from the same state of the guild. */
  access(
    guild: GuildId,
    users: readonly UserId[],
    channel: ChannelId | undefined,
    deadline: Deadline,
  ): Promise<Access>
  /** The guild as the user sees it; undefined for a guild or member that does not exist. */
  view(guild: GuildId, user: UserId, deadline: Deadline): Promise<GuildView | undefined>
  members(guild: GuildId, query: MemberQuery, deadline: Deadline): Promise<readonly Member[]>
  presences(
    guild: GuildId,
    users: readonly UserId[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<UserId, Presence>>

  publish(guild: GuildId, event: HubEvent, deadline: Deadline): Promise<LogPosition>
  /**
   * Publishes to every session of these users, whatever their guilds. All of them receive the
   * events of one channel in one order. Some users may have the event after a rejection.
   */
  publishToUsers(users: readonly UserId[], event: HubEvent, deadline: Deadline): Promise<void>

  /**
   * Subscribes a session to a guild. Its view has arrived when this resolves, unless the subscriber
   * has all events up to now. Undefined when there is no such guild or member.
   */
  subscribe(
    guild: GuildId,
    subscriber: Subscriber,
    deadline: Deadline,
  ): Promise<Subscription | undefined>
  /**
   * Subscribes a session to its user's own events. Its view has arrived when this resolves, unless
   * the subscriber has all of them up to now. Undefined when there is no such user.
   */
  subscribeUser(
    subscriber: UserSubscriber,
    deadline: Deadline,
  ): Promise<UserSubscription | undefined>
}

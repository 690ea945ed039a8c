import type { ChannelId, UserId } from '@threshold/contract'
import {
  can,
  decide,
  type GuildCommand,
  type GuildEvent,
  type GuildState,
  type GuildView,
  type Presence,
} from '@threshold/domain'
import {
  type Clock,
  type Deadline,
  deadlineAfter,
  type Telemetry,
  type Timers,
} from '@threshold/kit'
import type {
  Access,
  Delivery,
  ExecuteResult,
  HubEvent,
  LogPosition,
  MemberList,
  Permissions,
} from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { accessTo } from './access.ts'
import { type Audience, createAudience, type Listener, type Recipients } from './audience.ts'
import {
  type CommandQueue,
  createCommandQueue,
  type GuildStore,
  type WriteFence,
} from './command-queue.ts'
import { createEventApplier } from './event-applier.ts'
import { type Appended, createGuildLog, type GuildLog, type StoreEvent } from './guild-log.ts'
import { guildViewFor } from './guild-view.ts'
import { createLastMessages, type LastMessages } from './last-messages.ts'
import { LiveState } from './live-state.ts'
import { Subscriptions } from './subscriptions.ts'
import { TEMPORARY_TIMES, type TemporaryTimes } from './temporary-members.ts'
import { createVoiceStates, type VoiceStates } from './voice-states.ts'

export interface GuildDependencies<L extends Listener> {
  readonly metadata: GuildStore
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly tracer: Telemetry['tracer']
  readonly clock: Clock
  readonly timers: Timers
  /** Distinguishes this log from the earlier logs of the same guild. */
  readonly epoch: number
  readonly presenceDelayMs: number
  readonly temporary?: TemporaryTimes
  /** Delivers to sessions. Must not throw and must not wait. */
  readonly deliver: (listeners: readonly L[], delivery: Delivery) => void
  /** Default: events are durable at once, because sessions end with the process. */
  readonly storeEvent?: StoreEvent<L>
  /** Ids of events that earlier owners of the guild have published. Default: none. */
  readonly published?: Iterable<readonly [id: string, position: LogPosition]>
  /** The events of a command are stored and in the log. Default: nothing is told. */
  readonly onApplied?: () => void
  /** Default: nothing else writes to the guild. */
  readonly fence?: WriteFence
  /** A user became a member, so that the user's sessions must subscribe. */
  readonly onMemberAdded: (user: UserId) => void
  /** The guild was deleted, here and in the store. */
  readonly onDeleted: () => void
}

/** Time limit for the removal of a temporary member, in milliseconds. */
const EXPIRE_TIMEOUT_MS = 5_000
/**
 * How many published event ids are remembered. A retried send arrives within seconds, and the
 * busiest guild publishes fewer events than this in that time.
 */
const REMEMBERED_EVENTS = 16_384

/**
 * One guild: its state, its log and its subscribers.
 *
 * Commands run one after the other, so no other command changes the state between a decision and
 * its events. A command follows the same four steps every time: decide, write to the store, apply,
 * publish. If the store fails, the state stays as it was and no subscriber receives anything.
 *
 * Messages do not change the guild's state. They skip the queue and go to the log directly.
 *
 * All guilds share one event loop in stage 1, and lab 1.4 shows what that costs. Stage 3 makes each
 * guild an actor.
 */
export class Guild<L extends Listener = Listener> {
  readonly lastMessages: LastMessages
  readonly subscriptions: Subscriptions<L>
  readonly #live: LiveState
  readonly #commands: CommandQueue
  readonly #audience: Audience<L>
  readonly #log: GuildLog<L>
  readonly #voiceStates: VoiceStates
  readonly #clock: Clock
  readonly #applyEvent: (event: GuildEvent) => void
  readonly #onApplied: (() => void) | undefined
  /**
   * Bounded by `maxSize` and not by `max`, for which lru-cache allocates all its slots at once:
   * 300 KB for each guild, however quiet it is.
   */
  readonly #published = new LRUCache<string, Appended>({
    maxSize: REMEMBERED_EVENTS,
    sizeCalculation: () => 1,
  })
  #deleted = false

  constructor(state: GuildState, dependencies: GuildDependencies<L>) {
    const { metadata, fence, permissions, clock, timers } = dependencies
    this.#live = new LiveState(state, dependencies.memberList())
    this.#clock = clock
    this.#onApplied = dependencies.onApplied
    this.lastMessages = createLastMessages((channel) => this.state.channels.has(channel))
    this.#commands = createCommandQueue(metadata, fence)
    this.#audience = createAudience(permissions)
    this.#log = createGuildLog(state.guild.id, {
      epoch: dependencies.epoch,
      audience: this.#audience,
      tracer: dependencies.tracer,
      deliver: dependencies.deliver,
      store: dependencies.storeEvent,
    })
    this.#voiceStates = createVoiceStates(this.#log, this.#audience, () => this.state)
    this.subscriptions = new Subscriptions({
      live: this.#live,
      audience: this.#audience,
      log: this.#log,
      voiceStates: this.#voiceStates,
      timers,
      presenceDelayMs: dependencies.presenceDelayMs,
      temporaryTimes: dependencies.temporary ?? TEMPORARY_TIMES,
      expireMember: (user) => this.#expireMember(user),
    })
    for (const [id, position] of dependencies.published ?? [])
      this.#published.set(id, { position, durable: undefined })
    this.#applyEvent = createEventApplier({
      live: this.#live,
      audience: this.#audience,
      log: this.#log,
      voiceStates: this.#voiceStates,
      subscriptions: this.subscriptions,
      lastMessages: this.lastMessages,
      onMemberAdded: dependencies.onMemberAdded,
      onDeleted: () => {
        this.#deleted = true
        dependencies.onDeleted()
      },
    })
  }

  /** The state at this moment. Callers must not keep it, because its members change in place. */
  get state(): GuildState {
    return this.#live.current
  }

  /** The position of the newest event. */
  get position(): LogPosition {
    return this.#log.position
  }

  get members(): MemberList {
    return this.#live.memberList
  }

  /** Whether the guild may be unloaded: no session is subscribed and no work is pending. */
  get idle(): boolean {
    return this.#audience.size === 0 && !this.#commands.busy && !this.subscriptions.pendingExpiry
  }

  /**
   * Runs one command after all earlier ones. Resolves when its events are durable. Rejects as the
   * store does, or with `DEADLINE_EXCEEDED` if the command's turn does not come in time; either way
   * the guild has not changed.
   */
  async execute(
    command: GuildCommand,
    deadline: Deadline,
    commandId?: string,
  ): Promise<ExecuteResult> {
    const [result, durable] = await this.#commands.enqueue(deadline, async () => {
      const result = await this.#run(command, deadline, commandId)
      return [result, this.#log.durable()] as const
    })
    await durable
    return result
  }

  async #run(
    command: GuildCommand,
    deadline: Deadline,
    commandId: string | undefined,
  ): Promise<ExecuteResult> {
    if (this.#deleted) return { ok: false, refusal: 'unknown-guild' }
    // The member may have come back while the removal waited in the queue.
    if (command.type === 'member.expire' && this.#audience.hasUser(command.userId))
      return { ok: true, events: [] }
    // `decide` is pure: it needs no store, and can be tested with plain data.
    const isInVoice = (user: UserId): boolean => this.#voiceStates.get(user) !== undefined
    const decision = decide(this.state, command, isInVoice)
    if (!decision.ok) return decision
    if (decision.events.length > 0) await this.#recordAndApply(decision.events, deadline, commandId)
    return decision
  }

  async #recordAndApply(
    events: readonly GuildEvent[],
    deadline: Deadline,
    commandId?: string,
  ): Promise<void> {
    // Durable first: an event that subscribers have received must survive a crash.
    await this.#commands.record(this.state, events, deadline, commandId)
    for (const event of events) this.#applyEvent(event)
    this.#onApplied?.()
  }

  /**
   * Stores and publishes the events of a command whose process ended before it could, or may have
   * ended. Waits for `ready` in its turn, and so holds all later commands back. Rejects as
   * `execute` does.
   */
  async redo(
    events: readonly GuildEvent[],
    ready: () => Promise<void>,
    deadline: Deadline,
    commandId?: string,
  ): Promise<void> {
    await this.#commands.enqueue(deadline, async () => {
      await ready()
      await this.#recordAndApply(events, deadline, commandId)
    })
  }

  /**
   * Appends an event to the log. Publishing the same event id again, as a retried send does,
   * returns the first position and delivers nothing. The event is delivered to the sessions that
   * may receive it once it is durable.
   *
   * It is synchronous: nothing else runs between the choice of the position and the choice of the
   * recipients. An event therefore reaches exactly the sessions that may see it at its position in
   * the log. In stages 1 and 2 the deliveries are part of the same step, and while one guild
   * delivers to ten thousand sessions, all other guilds wait.
   */
  publish(event: HubEvent): Appended {
    // The sender may not know that its first attempt succeeded, and tries again.
    const published = this.#published.get(event.id)
    if (published) return published
    const { channelId } = event
    const appended = this.#log.appendEvent(event, this.recipientsOf(event))
    this.#published.set(event.id, appended)
    // Clients compare `last_message_id` with what they have read, to show unread channels.
    if (event.type === 'MESSAGE_CREATE' && channelId !== undefined)
      this.lastMessages.record(channelId, event.id)
    return appended
  }

  /** Whether an event is for every session, and not for some users only. */
  isForEveryone(recipients: Recipients): boolean {
    return recipients === this.#audience.everyone
  }

  /**
   * The users who may see an event now. Events of a channel go to its viewers, all others that are
   * published to every session.
   */
  recipientsOf({ channelId, requiredPermissions = 0n }: HubEvent): Recipients {
    if (channelId === undefined) return this.#audience.everyone
    const viewers = this.#audience.viewersOf(this.state, channelId)
    if (requiredPermissions === 0n) return viewers
    // Only VIEW_CHANNEL is cached. Few events need another permission, so it is computed for each
    // viewer.
    return {
      has: (user) => viewers.has(user) && can(this.state, user, channelId, requiredPermissions),
    }
  }

  access(users: readonly UserId[], channelId: ChannelId | undefined): Access {
    return accessTo(this.state, users, channelId, this.lastMessages)
  }

  /** The guild as a member sees it, or undefined for a user who is not a member. */
  view(user: UserId): GuildView | undefined {
    return guildViewFor(this.state, user, {
      voiceStates: this.#voiceStates.all(),
      lastMessages: this.lastMessages,
    })
  }

  /**
   * Subscribes a session. One that `continues` gets no view. False if its user is not a member, or
   * the guild was deleted.
   */
  subscribe(listener: L, presence: Presence, continues = false): boolean {
    const view = this.view(listener.userId)
    if (!view || this.#deleted) return false
    this.subscriptions.subscribe(listener, presence, continues ? undefined : view)
    return true
  }

  /** The guild as it is now, for a session that is subscribed. Undefined: its user is no member. */
  viewDelivery({ userId }: L, position: LogPosition): Delivery | undefined {
    const view = this.view(userId)
    return view && this.subscriptions.viewDelivery(userId, view, { position })
  }

  close(): void {
    this.subscriptions.close()
  }

  /** The command decides on the current state: a member who has got a role meanwhile stays. */
  #expireMember(user: UserId): Promise<unknown> {
    const command = { type: 'member.expire', by: user, userId: user } as const
    return this.execute(command, deadlineAfter(EXPIRE_TIMEOUT_MS, this.#clock))
  }
}

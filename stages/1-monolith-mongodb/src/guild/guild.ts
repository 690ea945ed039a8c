import type { ChannelId, UserId } from '@threshold/contract'
import {
  type Channel,
  can,
  channelToWire,
  decide,
  evolve,
  type GuildCommand,
  type GuildEvent,
  type GuildState,
  type GuildView,
  type Member,
  type Presence,
  presenceToWire,
} from '@threshold/domain'
import { type Deadline, deadlineAfter } from '@threshold/kit'
import type {
  ExecuteResult,
  HubEvent,
  LogPosition,
  MemberList,
  MetadataStore,
  Permissions,
  Subscriber,
  Subscription,
} from '@threshold/ports'
import { type Audience, createAudience } from './audience.ts'
import { type CommandQueue, createCommandQueue } from './command-queue.ts'
import { dispatchOf } from './dispatches.ts'
import { createGuildLog, type GuildLog } from './guild-log.ts'
import { guildViewFor, initialMembers } from './guild-view.ts'
import { createLastMessages, type LastMessages } from './last-messages.ts'
import { createPresences, type Presences } from './presences.ts'
import { createRecent, type Recent } from './recent.ts'
import {
  createTemporaryMembers,
  TEMPORARY_TIMES,
  type TemporaryMembers,
  type TemporaryTimes,
} from './temporary-members.ts'
import { type VisibilityChange, visibilityDiff } from './visibility.ts'
import { changesMuteOrDeaf, createVoiceStates, type VoiceStates } from './voice-states.ts'

export interface GuildDependencies {
  readonly metadata: Pick<MetadataStore, 'record' | 'createGuild'>
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly epoch: number
  readonly presenceDelayMs: number
  readonly temporary?: TemporaryTimes
  /** Somebody became a member: their sessions elsewhere must join. */
  readonly onMemberAdded: (user: UserId) => void
  /** There is no such guild any more, here or in the store. */
  readonly onDeleted: () => void
}

/** Milliseconds that the removal of a temporary member may take. */
const EXPIRE_MS = 5_000
/**
 * Published ids remembered: a retried send comes within seconds, and the busiest guild says less
 * than this in them.
 */
const REMEMBERED = 16_384

/**
 * One guild, whole: its state, its log, its listeners. Commands go through it one after the other,
 * so a decision is made on the state that its effect lands on; a store's failure leaves the state
 * as it was. Deliveries happen in the order of the log. In stage 1 all guilds share one event loop,
 * which is what lab 1.4 is about; stage 3 gives each a place of its own.
 */
export class Guild {
  #state: GuildState
  /**
   * The state's own, changed in place: to copy ten thousand members for each that joins would be
   * most of a join's cost.
   */
  readonly #people: Map<UserId, Member>
  #deleted = false
  readonly lastMessages: LastMessages = createLastMessages((channel) =>
    this.#state.channels.has(channel),
  )
  readonly #tools: GuildDependencies
  readonly #ledger: CommandQueue
  readonly #audience: Audience
  readonly #log: GuildLog
  readonly #presences: Presences
  readonly #members: MemberList
  readonly #calls: VoiceStates
  readonly #temporary: TemporaryMembers
  readonly #recent: Recent<LogPosition> = createRecent(REMEMBERED)

  constructor(state: GuildState, tools: GuildDependencies) {
    this.#people = new Map(state.members)
    this.#state = { ...state, members: this.#people }
    this.#tools = tools
    this.#ledger = createCommandQueue(tools.metadata)
    this.#audience = createAudience(tools.permissions)
    this.#log = createGuildLog(state.guild.id, tools.epoch, this.#audience)
    this.#calls = createVoiceStates(this.#log, this.#audience, () => this.#state)
    this.#members = tools.memberList()
    for (const member of state.members.values()) this.#members.put(member)
    this.#temporary = createTemporaryMembers(tools.temporary ?? TEMPORARY_TIMES, (user) =>
      this.#expire(user),
    )
    for (const member of state.members.values())
      if (member.temporary) this.#temporary.startExpiry(member.user.id, false)
    this.#presences = createPresences(tools.presenceDelayMs, (user, presence) =>
      this.#tellPresence(user, presence),
    )
  }

  /** As it is now: not for keeping, since its members change in place. */
  get state(): GuildState {
    return this.#state
  }

  get members(): MemberList {
    return this.#members
  }

  /** Nobody listens and nothing is under way: it may be dropped and loaded again. */
  get idle(): boolean {
    return this.#audience.size === 0 && !this.#ledger.busy && !this.#temporary.pending
  }

  presenceOf(user: UserId): Presence {
    return this.#presences.get(user)
  }

  /**
   * One after the other. Rejects as the store does, or when its turn did not come in time; then
   * nothing has changed here.
   */
  execute(command: GuildCommand, deadline: Deadline): Promise<ExecuteResult> {
    return this.#ledger.enqueue(deadline, async () => {
      if (this.#deleted) return { ok: false, refusal: 'unknown-guild' }
      // Members may come back while the command waits for its turn.
      if (command.type === 'member.expire' && this.#audience.hasUser(command.userId))
        return { ok: true, events: [] }
      const decision = decide(this.#state, command, (user) => this.#calls.get(user) !== undefined)
      if (!decision.ok) return decision
      if (decision.events.length > 0)
        await this.#ledger.record(this.#state, decision.events, deadline)
      for (const event of decision.events) this.#apply(event)
      return decision
    })
  }

  publish(event: HubEvent): LogPosition {
    const seen = this.#recent.get(event.id)
    if (seen) return seen
    const { channelId, requiredPermissions } = event
    const position = this.#log.appendEvent(
      event,
      channelId === undefined ? () => true : this.#seeing(channelId, requiredPermissions),
    )
    this.#recent.set(event.id, position)
    if (event.type === 'MESSAGE_CREATE' && channelId !== undefined)
      this.lastMessages.record(channelId, event.id)
    return position
  }

  view(user: UserId): GuildView | undefined {
    return guildViewFor(this.#state, user, {
      voiceStates: this.#calls.all(),
      lastMessages: this.lastMessages,
    })
  }

  join(subscriber: Subscriber): Subscription | undefined {
    const view = this.view(subscriber.userId)
    if (!view || this.#deleted) return undefined
    const { userId, sessionId, presence } = subscriber
    this.#presences.set(userId, sessionId, presence)
    const shown = initialMembers(this.#state, subscriber, this.#presences.online())
    // The view and the first event after it: nothing can come in between, since none of this waits.
    this.#audience.add(this.#state, subscriber)
    this.#temporary.cancelExpiry(userId)
    subscriber.deliver({ kind: 'view', view, ...shown, position: this.#log.position })
    const listens = (): boolean => this.#audience.sessionsOf(subscriber.userId).includes(subscriber)
    return {
      setPresence: (changed) => {
        if (listens()) this.#presences.set(userId, sessionId, changed)
      },
      setVoiceState: async (change) =>
        listens() ? this.#calls.move(subscriber.userId, change) : 'left',
      unsubscribe: () => this.#drop(subscriber),
    }
  }

  close(): void {
    this.#presences.close()
    this.#temporary.close()
  }

  #seeing(channel: ChannelId, requiredPermissions = 0n): (user: UserId) => boolean {
    // Sight is one look-up; more than that is computed for each listener, and few events ask for
    // it.
    return (user) =>
      this.#audience.canView(this.#state, user, channel) &&
      (requiredPermissions === 0n || can(this.#state, user, channel, requiredPermissions))
  }

  #apply(event: GuildEvent): void {
    const before = this.#state
    const sight = visibilityDiff(this.#audience, before, event)
    const silenced =
      event.type === 'member.updated' && changesMuteOrDeaf(before, event.member)
        ? event.member.user.id
        : undefined
    // Calls end while those who saw them can still be told.
    if (event.type === 'channel.deleted') this.#calls.endChannel(event.channel.id)
    if (event.type === 'member.removed') this.#calls.leave(event.user.id)
    const saw =
      event.type === 'channel.deleted'
        ? new Set(this.#audience.viewersOf(before, event.channel.id))
        : undefined
    this.#evolve(event)
    if (event.type.startsWith('channel.'))
      this.#audience.invalidate((event as { channel: { id: ChannelId } }).channel.id)
    else if (sight?.affected.user) this.#audience.refreshUser(this.#state, sight.affected.user)
    else if (sight) this.#audience.invalidate()
    this.#follow(event)
    const changes = sight?.changes(this.#state) ?? []
    const dispatch = dispatchOf(this.#state, event, this.lastMessages)
    if (dispatch) {
      const { channelId } = dispatch
      const sees =
        channelId === undefined
          ? () => true
          : saw
            ? (user: UserId) => saw.has(user)
            : this.#seeing(channelId)
      // Who only now gained sight of the channel is told that it is there, not that it changed.
      const newcomers = changes.find(({ channel }) => channel === channelId)?.gained
      this.#log.append(dispatch.type, dispatch.data, (user) => sees(user) && !newcomers?.has(user))
    }
    this.#tellSight(before, changes)
    if (silenced) this.#calls.refresh(silenced)
    if (event.type === 'channel.deleted') this.lastMessages.delete(event.channel.id)
  }

  #evolve(event: GuildEvent): void {
    if (event.type === 'member.added' || event.type === 'member.updated') this.#put(event.member)
    else if (event.type === 'member.removed') {
      this.#people.delete(event.user.id)
      this.#members.remove(event.user.id)
    } else {
      const next = evolve(this.#state, event)
      for (const member of next.members === this.#people ? [] : next.members.values())
        if (this.#people.get(member.user.id) !== member) this.#put(member)
      this.#state = { ...next, members: this.#people }
    }
  }

  #put(member: Member): void {
    this.#people.set(member.user.id, member)
    this.#members.put(member)
  }

  /** Who came is told to join, who went hears nothing more. */
  #follow(event: GuildEvent): void {
    if (event.type === 'member.added') {
      if (event.member.temporary) this.#temporary.startExpiry(event.member.user.id, false)
      this.#tools.onMemberAdded(event.member.user.id)
    }
    if (event.type === 'member.removed') {
      this.#leaveAll(event.user.id)
      this.#temporary.cancelExpiry(event.user.id)
    }
    if (event.type === 'guild.deleted') {
      this.#deleted = true
      this.#calls.clear()
      for (const user of [...this.#audience.users()]) this.#leaveAll(user)
      this.#tools.onDeleted()
    }
  }

  #leaveAll(user: UserId): void {
    for (const subscriber of this.#audience.sessionsOf(user)) {
      this.#drop(subscriber)
      subscriber.deliver({ kind: 'left', guildId: this.#state.guild.id })
    }
  }

  #drop(subscriber: Subscriber): void {
    this.#audience.remove(subscriber)
    this.#presences.delete(subscriber.userId, subscriber.sessionId)
    if (this.#calls.get(subscriber.userId)?.sessionId === subscriber.sessionId)
      this.#calls.leave(subscriber.userId)
    if (
      this.#people.get(subscriber.userId)?.temporary &&
      !this.#audience.hasUser(subscriber.userId)
    )
      this.#temporary.startExpiry(subscriber.userId, true)
  }

  /** Decided by the state: a member who was given a role meanwhile stays. */
  #expire(user: UserId): Promise<unknown> {
    return this.execute({ type: 'member.expire', by: user, userId: user }, deadlineAfter(EXPIRE_MS))
  }

  /**
   * To who gained sight of a channel it is created, to who lost it, deleted: their clients need not
   * know why.
   */
  #tellSight(before: GuildState, changes: readonly VisibilityChange[]): void {
    for (const { channel, gained, lost } of changes) {
      if (gained.size > 0)
        this.#log.append(
          'CHANNEL_CREATE',
          this.#toWire(this.#state.channels.get(channel)!),
          (user) => gained.has(user),
        )
      // As they last saw it: what it has become is not for them.
      if (lost.size > 0)
        this.#log.append('CHANNEL_DELETE', this.#toWire(before.channels.get(channel)!), (user) =>
          lost.has(user),
        )
    }
  }

  #toWire(channel: Channel): object {
    return channelToWire(channel, { lastMessageId: this.lastMessages.get(channel.id) })
  }

  #tellPresence(user: UserId, presence: Presence): void {
    if (!this.#state.members.has(user)) return
    this.#log.append(
      'PRESENCE_UPDATE',
      presenceToWire(this.#state.guild.id, user, presence),
      () => true,
    )
  }
}

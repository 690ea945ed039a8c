import { Permission, type UserId } from '@threshold/contract'
import {
  channelPermissions,
  channelToWire,
  decide,
  evolve,
  type GuildCommand,
  type GuildEvent,
  type GuildState,
  type GuildView,
  has,
  type Presence,
  presenceToWire,
  type Refusal,
  type VoiceState,
  viewOf,
  voiceStateToWire,
} from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type {
  Delivery,
  Executed,
  HubEvent,
  MemberList,
  MetadataStore,
  Permissions,
  Position,
  Subscriber,
  Subscription,
} from '@threshold/ports'
import { type Audience, createAudience } from './audience.ts'
import { changesSight, dispatchOf } from './dispatches.ts'
import { createPresences, type Presences } from './presences.ts'
import { createRecent, type Recent } from './recent.ts'

export interface GuildTools {
  readonly metadata: Pick<MetadataStore, 'record'>
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly epoch: number
  readonly presenceDelayMs: number
  /** Somebody became a member: their sessions elsewhere must join. */
  readonly joined: (user: UserId) => void
}

/** How many members a view carries; the rest come in chunks when asked for. Discord calls a guild beyond it `large`. */
export const LARGE = 250

/**
 * One guild, whole: its state, its log, its listeners. Commands go through it one after the other, so a decision is made on
 * the state that its effect lands on; a store's failure leaves the state as it was. Deliveries happen in the order of the log.
 * In stage 1 all guilds share one event loop, which is what lab 1.4 is about; stage 3 gives each a place of its own.
 */
export class Guild {
  #state: GuildState
  #sequence = 0
  #queue: Promise<unknown> = Promise.resolve()
  #deleted = false
  readonly #tools: GuildTools
  readonly #audience: Audience
  readonly #presences: Presences
  readonly #members: MemberList
  readonly #voice = new Map<UserId, VoiceState>()
  readonly #recent: Recent<Position> = createRecent(1_024)

  constructor(state: GuildState, tools: GuildTools) {
    this.#state = state
    this.#tools = tools
    this.#audience = createAudience(tools.permissions)
    this.#members = tools.memberList()
    for (const member of state.members.values()) this.#members.put(member)
    this.#presences = createPresences(tools.presenceDelayMs, (user, presence) => this.#tellPresence(user, presence))
  }

  get state(): GuildState {
    return this.#state
  }

  get members(): MemberList {
    return this.#members
  }

  get idle(): boolean {
    return this.#audience.size === 0
  }

  presenceOf(user: UserId): Presence {
    return this.#presences.of(user)
  }

  /** One after the other. Rejects as the store does; then nothing has changed here. */
  execute(command: GuildCommand, deadline: Deadline): Promise<Executed> {
    const run = async (): Promise<Executed> => {
      if (this.#deleted) return { ok: false, refusal: 'unknown-guild' }
      const decision = decide(this.#state, command)
      if (!decision.ok) return decision
      await this.#tools.metadata.record(this.#state.guild.id, decision.events, deadline)
      for (const event of decision.events) this.#apply(event)
      return decision
    }
    const done = this.#queue.then(run)
    this.#queue = done.catch(() => {})
    return done
  }

  publish(event: HubEvent): Position {
    const seen = this.#recent.get(event.id)
    if (seen) return seen
    const position = this.#emit(event, (user) => event.channelId === undefined || this.#audience.sees(this.#state, user, event.channelId))
    this.#recent.set(event.id, position)
    return position
  }

  view(user: UserId): GuildView | undefined {
    const me = this.#state.members.get(user)
    if (!me) return undefined
    const channels = [...this.#state.channels.values()].filter((c) => has(channelPermissions(this.#state, me, c), Permission.ViewChannel))
    const visible = new Set(channels.map((c) => c.id))
    return viewOf(
      this.#state,
      me,
      channels,
      [...this.#voice.values()].filter((v) => visible.has(v.channelId)),
    )
  }

  join(subscriber: Subscriber): Subscription | undefined {
    const view = this.view(subscriber.userId)
    if (!view || this.#deleted) return undefined
    this.#presences.set(subscriber.userId, subscriber.sessionId, subscriber.presence)
    const { userId, presence } = subscriber
    const presences = new Map(this.#presences.online())
    // Its own it knows, before anybody is told.
    if (!presences.has(userId) && presence.status !== 'offline') presences.set(userId, presence)
    const members =
      view.memberCount <= LARGE
        ? [...this.#state.members.values()]
        : [...this.#state.members.values()].filter((m) => presences.has(m.user.id) || m === view.me)
    // The view and the first event after it: nothing can come in between, since none of this waits.
    this.#audience.add(subscriber)
    subscriber.deliver({ kind: 'view', view, members, presences, position: this.#position() })
    return {
      presence: (presence) => this.#presences.set(subscriber.userId, subscriber.sessionId, presence),
      voice: async (change) => this.#moveVoice(subscriber.userId, change),
      leave: () => this.#drop(subscriber),
    }
  }

  close(): void {
    this.#presences.close()
  }

  #position(): Position {
    return { epoch: this.#tools.epoch, sequence: this.#sequence }
  }

  #emit(event: HubEvent, hears: (user: UserId) => boolean): Position {
    this.#sequence += 1
    const position = this.#position()
    const delivery: Delivery = { kind: 'event', event, position }
    for (const subscriber of this.#audience.all()) if (hears(subscriber.userId)) subscriber.deliver(delivery)
    return position
  }

  #apply(event: GuildEvent): void {
    const before = this.#state
    const sight = changesSight(before, event) ? this.#sight() : undefined
    const saw =
      event.type === 'channel.deleted'
        ? new Set([...this.#audience.users()].filter((u) => this.#audience.sees(before, u, event.channel.id)))
        : undefined
    this.#state = evolve(before, event)
    this.#audience.changed()
    this.#follow(event)
    const dispatch = dispatchOf(this.#state, event)
    if (dispatch) {
      const { channelId } = dispatch
      const hears = (user: UserId): boolean => {
        if (channelId === undefined) return true
        if (saw) return saw.has(user)
        return this.#audience.sees(this.#state, user, channelId) && (sight === undefined || sight.get(user)?.has(channelId) === true)
      }
      this.#emit(this.#event(dispatch.type, dispatch.data), hears)
    }
    if (sight) this.#tellSight(sight)
  }

  /** What else must follow an event: the member list, the listeners of who left, the sessions of who came. */
  #follow(event: GuildEvent): void {
    if (event.type === 'member.added' || event.type === 'member.updated') this.#members.put(event.member)
    if (event.type === 'member.added') this.#tools.joined(event.member.user.id)
    if (event.type === 'role.deleted') for (const m of this.#state.members.values()) this.#members.put(m)
    if (event.type === 'member.removed') {
      this.#members.remove(event.user.id)
      this.#leaveAll(event.user.id)
    }
    if (event.type === 'channel.deleted')
      for (const v of [...this.#voice.values()]) if (v.channelId === event.channel.id) this.#setVoice(v.userId, { ...v, channelId: null })
    if (event.type === 'guild.deleted') {
      this.#deleted = true
      for (const user of [...this.#audience.users()]) this.#leaveAll(user)
    }
  }

  #leaveAll(user: UserId): void {
    const voice = this.#voice.get(user)
    if (voice) this.#setVoice(user, { ...voice, channelId: null })
    for (const subscriber of this.#audience.of(user)) {
      this.#drop(subscriber)
      subscriber.deliver({ kind: 'left', guildId: this.#state.guild.id })
    }
  }

  #drop(subscriber: Subscriber): void {
    this.#audience.remove(subscriber)
    this.#presences.drop(subscriber.userId, subscriber.sessionId)
    const voice = this.#voice.get(subscriber.userId)
    if (voice?.sessionId === subscriber.sessionId) this.#setVoice(subscriber.userId, { ...voice, channelId: null })
  }

  /** Which channels each listener sees now. */
  #sight(): Map<UserId, Set<string>> {
    const sight = new Map<UserId, Set<string>>()
    for (const user of this.#audience.users())
      sight.set(user, new Set([...this.#state.channels.keys()].filter((c) => this.#audience.sees(this.#state, user, c))))
    return sight
  }

  /** To who gained sight of a channel it is created, to who lost it, deleted: their clients need not know why. */
  #tellSight(before: Map<UserId, Set<string>>): void {
    for (const channel of this.#state.channels.values()) {
      const gained = new Set<UserId>()
      const lost = new Set<UserId>()
      for (const [user, saw] of before) {
        const sees = this.#audience.sees(this.#state, user, channel.id)
        if (sees && !saw.has(channel.id)) gained.add(user)
        if (!sees && saw.has(channel.id)) lost.add(user)
      }
      if (gained.size > 0) this.#emit(this.#event('CHANNEL_CREATE', channelToWire(channel)), (user) => gained.has(user))
      if (lost.size > 0) this.#emit(this.#event('CHANNEL_DELETE', channelToWire(channel)), (user) => lost.has(user))
    }
  }

  #tellPresence(user: UserId, presence: Presence): void {
    if (!this.#state.members.has(user)) return
    this.#emit(this.#event('PRESENCE_UPDATE', presenceToWire(this.#state.guild.id, user, presence)), () => true)
  }

  #moveVoice(user: UserId, change: Omit<VoiceState, 'channelId' | 'userId'> & { channelId: string | null }): 'moved' | 'left' | Refusal {
    if (change.channelId === null) {
      if (this.#voice.has(user)) this.#setVoice(user, change)
      return 'left'
    }
    const member = this.#state.members.get(user)
    const channel = this.#state.channels.get(change.channelId)
    if (!member || channel?.type !== 2) return 'unknown-channel'
    if (!has(channelPermissions(this.#state, member, channel), Permission.Connect)) return 'no-permission'
    const inside = [...this.#voice.values()].filter((v) => v.channelId === channel.id && v.userId !== user).length
    if (channel.userLimit && inside >= channel.userLimit && !has(channelPermissions(this.#state, member, channel), Permission.MoveMembers))
      return 'too-many'
    this.#setVoice(user, change)
    return 'moved'
  }

  #setVoice(user: UserId, state: Omit<VoiceState, 'channelId' | 'userId'> & { channelId: string | null }): void {
    const before = this.#voice.get(user)?.channelId
    const { channelId } = state
    if (channelId === null) this.#voice.delete(user)
    else this.#voice.set(user, { ...state, channelId, userId: user })
    const member = this.#state.members.get(user)
    const data = voiceStateToWire(this.#state.guild.id, user, state, member)
    const sees = (who: UserId, id: string | null | undefined): boolean => id != null && this.#audience.sees(this.#state, who, id)
    this.#emit(this.#event('VOICE_STATE_UPDATE', data), (who) => who === user || sees(who, channelId) || sees(who, before))
  }

  #event(type: string, data: object): HubEvent {
    return { v: 1, id: `${this.#state.guild.id}:${this.#tools.epoch}:${this.#sequence + 1}`, type, data }
  }
}

import { type GuildId, intentsAdmit } from '@threshold/contract'
import type { Presence } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type {
  Delivery,
  EventEncoder,
  GuildHub,
  HubEvent,
  LogPosition,
  Subscriber,
  Subscription,
  UserDelivery,
  UserView,
  VoiceCalls,
} from '@threshold/ports'
import pLimit from 'p-limit'
import type { PresenceInput, RequestMembers } from '../input/index.ts'
import { Dispatch } from './dispatch.ts'
import type { DispatchCache, Recipient } from './dispatch-cache.ts'
import { memberChunks } from './member-chunks.ts'
import { guildCreatePayload, type Identity, readyPayload } from './payloads.ts'
import { completeActivities, onShard, presenceOf } from './protocol.ts'
import { VoiceParticipation, type VoiceRequest } from './voice-participation.ts'

/** The parts that all sessions of a gateway share. */
export interface SessionDependencies {
  readonly hub: GuildHub
  readonly encoder: EventEncoder
  readonly dispatches: DispatchCache
  readonly voice: VoiceCalls
  readonly runtime: Runtime
  /** Time limit in milliseconds for one call of a session to the hub or the voice server. */
  readonly budgetMs: number
}

/** The way from a session to its client. The connection implements it. */
export interface ClientLink {
  send(event: Dispatch, sequence: number): void
  /**
   * Resolves when the client has read most of what was sent, or is gone. A burst waits for it, so
   * that a slow client does not fill the memory of the gateway.
   */
  drained(): Promise<void>
}

/** A guild that the session is subscribed to, or is about to be. */
interface JoinedGuild {
  /** Whether READY named the guild. Otherwise the user has joined it since. */
  readonly announced: boolean
  subscription?: Subscription
  lastPosition?: LogPosition
}

/** Guilds that one session joins at a time. Each may cost the database three reads. */
const MAX_CONCURRENT_JOINS = 4

/**
 * One client session, from READY to the end of its socket. It subscribes to the guilds of its user,
 * filters their events by the client's intents, and numbers what it sends without a gap (`s`).
 *
 * The session never waits while an event is delivered: it hands the event to its transport and
 * returns, so that the other sessions of the guild get theirs.
 *
 * A session ends with its socket in stages 1 and 2, and the client has to identify again. Stage 3
 * lets it outlive the socket, so that the client can resume it.
 */
export class Session {
  readonly #dependencies: SessionDependencies
  readonly #identity: Identity
  readonly #link: ClientLink
  /** Intents and user, by which the form of each event is chosen. Made once, not for each event. */
  readonly #recipient: Recipient
  readonly #guilds = new Map<GuildId, JoinedGuild>()
  readonly #voice: VoiceParticipation
  #sequence = 0
  #presence: Presence
  /** The guilds that READY names. Undefined until it is sent. */
  #announced: readonly GuildId[] | undefined
  #ended = false
  #userPosition: LogPosition | undefined
  #unsubscribeUser = (): void => {}

  constructor(dependencies: SessionDependencies, identity: Identity, link: ClientLink) {
    this.#dependencies = dependencies
    this.#identity = identity
    this.#link = link
    this.#recipient = { userId: identity.userId, intents: identity.intents }
    this.#presence = completeActivities(identity.presence, dependencies.runtime.clock)
    this.#voice = new VoiceParticipation(dependencies, identity)
  }

  /**
   * Sends READY, then one GUILD_CREATE for each guild. False if there is no such user. Rejects if
   * the hub is unavailable. The connection then closes, and the client identifies again.
   */
  async start(): Promise<boolean> {
    const { id: sessionId, userId } = this.#identity
    const deliver = (delivery: UserDelivery): void => this.#receiveUserDelivery(delivery)
    const subscriber = { userId, sessionId, deliver }
    const subscription = await this.#dependencies.hub.subscribeUser(subscriber, this.#deadline())
    if (!subscription) return false
    // The view has arrived, so READY was sent and `#announced` is set.
    this.#unsubscribeUser = () => subscription.unsubscribe()
    if (this.#ended) this.#unsubscribeUser()
    await pLimit(MAX_CONCURRENT_JOINS).map(this.#announced ?? [], async (id) => {
      await this.#join(id, { announced: true })
      await this.#link.drained()
    })
    return true
  }

  setPresence(input: PresenceInput): void {
    this.#presence = completeActivities(presenceOf(input), this.#dependencies.runtime.clock)
    for (const { subscription } of this.#guilds.values()) subscription?.setPresence(this.#presence)
  }

  /** Joins, changes or leaves a voice channel. Nothing happens in a guild it has not joined. */
  async moveVoice(request: VoiceRequest & { readonly guildId: GuildId }): Promise<void> {
    const { guildId, channelId, selfMute, selfDeaf } = request
    const subscription = this.#guilds.get(guildId)?.subscription
    const result = await subscription?.setVoiceState(
      { channelId, selfMute, selfDeaf, sessionId: this.#identity.id },
      this.#deadline(),
    )
    // The session may have ended meanwhile: even the delivery of this voice state can end it. It
    // gets no more events then, so nothing would take the user out of a call entered now.
    if (this.#ended || result !== 'moved' || channelId === null) return
    const entered = { channelId, selfMute, selfDeaf }
    const server = await this.#voice.enterChannel(guildId, entered, this.#deadline())
    if (server) this.#dispatch('VOICE_SERVER_UPDATE', server)
  }

  async requestMembers(request: RequestMembers): Promise<void> {
    // Users who are not members must not learn who is.
    if (!this.#guilds.has(request.guild_id)) return
    const { hub } = this.#dependencies
    const { intents } = this.#identity
    for await (const chunk of memberChunks(hub, request, intents, this.#deadline())) {
      this.#dispatch('GUILD_MEMBERS_CHUNK', chunk)
      await this.#link.drained()
    }
  }

  end(): void {
    this.#ended = true
    this.#unsubscribeUser()
    for (const { subscription } of this.#guilds.values()) subscription?.unsubscribe()
    this.#voice.end()
    this.#guilds.clear()
  }

  async #join(guildId: GuildId, { announced }: { announced: boolean }): Promise<void> {
    if (this.#ended || this.#guilds.has(guildId)) return
    const joined: JoinedGuild = { announced }
    this.#guilds.set(guildId, joined)
    const subscriber: Subscriber = {
      userId: this.#identity.userId,
      sessionId: this.#identity.id,
      presence: this.#presence,
      deliver: (delivery) => {
        if (this.#guilds.get(guildId) === joined) this.#receive(guildId, joined, delivery)
      },
    }
    const { hub } = this.#dependencies
    let subscription: Subscription | undefined
    try {
      subscription = await hub.subscribe(guildId, subscriber, this.#deadline())
    } catch (error) {
      // Otherwise the session would count as joined, and a later membership would do nothing.
      if (this.#guilds.get(guildId) === joined) this.#guilds.delete(guildId)
      throw error
    }
    // The session, the membership or the guild may have ended while the hub loaded the guild.
    if (this.#ended || this.#guilds.get(guildId) !== joined) subscription?.unsubscribe()
    else if (subscription) {
      joined.subscription = subscription
      if (subscriber.presence !== this.#presence) subscription.setPresence(this.#presence)
    } else {
      this.#guilds.delete(guildId)
      // The client waits for every guild that READY named.
      if (announced) this.#dispatchGuildDelete(guildId)
    }
  }

  /** Receives a delivery of one guild. Runs once per session for every event, and does not wait. */
  #receive(guildId: GuildId, joined: JoinedGuild, delivery: Delivery): void {
    if (delivery.kind === 'left') {
      this.#guilds.delete(guildId)
      this.#voice.leaveGuild(guildId)
      this.#dispatchGuildDelete(guildId)
      return
    }
    if (isDuplicate(joined.lastPosition, delivery.position)) return
    joined.lastPosition = delivery.position
    if (delivery.kind === 'view') {
      const { intents, largeThreshold } = this.#identity
      if (!intentsAdmit(intents, 'GUILD_CREATE', true)) return
      const { announced } = joined
      const recipient = { ...this.#recipient, largeThreshold, announced }
      const { view, members, presences } = delivery
      this.#dispatch('GUILD_CREATE', guildCreatePayload(view, members, presences, recipient))
      return
    }
    const { event } = delivery
    if (event.type === 'VOICE_STATE_UPDATE') this.#voice.applyVoiceState(guildId, event.data)
    // Encoded by the first session that receives the event, and shared by all others.
    const dispatch = this.#dependencies.dispatches.get(event, true, this.#recipient)
    if (dispatch) this.#send(dispatch)
  }

  /** Receives the user's view, a direct message, or the news that the user has joined a guild. */
  #receiveUserDelivery(delivery: UserDelivery): void {
    if (this.#ended || isDuplicate(this.#userPosition, delivery.position)) return
    this.#userPosition = delivery.position
    if (delivery.kind === 'view') this.#receiveUserView(delivery.view)
    else if (delivery.kind === 'joined') this.#joinNew(delivery.guildId)
    else this.#receiveDirectMessage(delivery.event)
  }

  /** Discord sends direct messages to the first shard only. */
  #receiveDirectMessage(event: HubEvent): void {
    const { shard } = this.#identity
    if (shard && shard[0] !== 0) return
    const dispatch = this.#dependencies.dispatches.get(event, false, this.#recipient)
    if (dispatch) this.#send(dispatch)
  }

  #receiveUserView(view: UserView): void {
    if (this.#announced) {
      // When another process takes over the user's data, it sends the view again. The view may
      // name guilds that the user joined meanwhile.
      for (const guildId of view.guilds) this.#joinNew(guildId)
      return
    }
    const guilds = view.guilds.filter((id) => onShard(id, this.#identity.shard))
    this.#announced = guilds
    this.#dispatch('READY', readyPayload(this.#identity, view, guilds))
  }

  /** Joins a guild that READY did not name. */
  #joinNew(guildId: GuildId): void {
    if (!onShard(guildId, this.#identity.shard)) return
    this.#join(guildId, { announced: false }).catch((error: unknown) =>
      this.#dependencies.runtime.log.warn(
        { err: messageOf(error), guild: guildId },
        'a session could not join a guild',
      ),
    )
  }

  #dispatchGuildDelete(guildId: GuildId): void {
    if (intentsAdmit(this.#identity.intents, 'GUILD_DELETE', true))
      this.#dispatch('GUILD_DELETE', { id: guildId })
  }

  /** Sends an event that only this session receives. */
  #dispatch(type: string, data: object): void {
    const { encoder } = this.#dependencies
    this.#send(new Dispatch(encoder, encoder.encode(type, data)))
  }

  /** Numbers an event. Clients repeat the last number in heartbeats, and resume from it. */
  #send(event: Dispatch): void {
    if (this.#ended) return
    this.#sequence += 1
    this.#link.send(event, this.#sequence)
  }

  #deadline(): Deadline {
    return deadlineAfter(this.#dependencies.budgetMs, this.#dependencies.runtime.clock)
  }
}

/**
 * Whether the session already has this position. It drops such events, which follow a publisher's
 * retry or, in stage 3, a move of the guild to another process. A newer epoch starts a new log.
 */
const isDuplicate = (last: LogPosition | undefined, next: LogPosition): boolean =>
  last !== undefined &&
  (next.epoch < last.epoch || (next.epoch === last.epoch && next.sequence <= last.sequence))

import { type GuildId, intentsAdmit, type UserId } from '@threshold/contract'
import { type Deadline, messageOf, type Runtime, unavailable, withDeadline } from '@threshold/kit'
import type {
  EventEncoder,
  GuildHub,
  Identity,
  RemoteSession,
  SessionRegistry,
  SessionRemainder,
  SessionSnapshot,
  SessionStarts,
  UserDelivery,
  UserView,
  VoiceCalls,
  VoiceRequest,
} from '@threshold/ports'
import type { PresenceInput, RequestMembers } from '../input/index.ts'
import type { Dispatch } from './dispatch.ts'
import type { DispatchCache, Recipient } from './dispatch-cache.ts'
import { Handover } from './handover.ts'
import { memberChunks } from './member-chunks.ts'
import { type ClientLink, type Origin, Outbox } from './outbox.ts'
import { guildCreatePayload, readyPayload } from './payloads.ts'
import { completeActivities, onShard, presenceOf } from './protocol.ts'
import { callDeadline, type Receiver, SessionSubscriptions } from './session-subscriptions.ts'
import { VoiceParticipation } from './voice-participation.ts'

/** The parts that all sessions of a gateway share. */
export interface SessionDependencies {
  readonly hub: GuildHub
  readonly encoder: EventEncoder
  readonly dispatches: DispatchCache
  readonly sessions: SessionRegistry<Session, Dispatch>
  readonly voice: VoiceCalls
  readonly runtime: Runtime
  /** Time limit in milliseconds for one call of a session to the hub or the voice server. */
  readonly budgetMs: number
}

/**
 * One client session. It subscribes to the guilds of its user, filters their events by the client's
 * intents, and sends them. A connection lends it a link to its client.
 *
 * The session never waits while an event is delivered: it hands the event to its transport and
 * returns, so that the other sessions of the guild get theirs.
 *
 * In stages 1 and 2, a session ends with its socket. In stage 3, it goes on without a link for a
 * while, so that the client can resume it, also in another process.
 */
export class Session {
  readonly id: string
  readonly userId: UserId
  /** Whether the client has asked for compressed payloads in IDENTIFY. */
  readonly compress: boolean
  readonly #dependencies: SessionDependencies
  readonly #identity: Identity
  /** Intents and user, by which the form of each event is chosen. Made once, not for each event. */
  readonly #recipient: Recipient
  readonly #subscriptions: SessionSubscriptions
  readonly #voice: VoiceParticipation
  readonly #outbox: Outbox
  /** The guilds that READY names. Undefined until it is sent. */
  #announced: readonly GuildId[] | undefined
  /** Resolves when the session has begun, here or after another process, or has failed to. */
  starting: Promise<unknown> = Promise.resolve()
  #ended = false
  #handover: Handover | undefined

  constructor(dependencies: SessionDependencies, identity: Identity, link?: ClientLink) {
    this.#dependencies = dependencies
    this.#identity = identity
    this.id = identity.id
    this.userId = identity.userId
    this.compress = identity.compress
    this.#recipient = { userId: identity.userId, intents: identity.intents }
    this.#voice = new VoiceParticipation(dependencies, identity)
    const receiver: Receiver = {
      guild: (guildId, delivery, announced) => this.#receive(guildId, delivery, announced),
      notInGuild: (guildId) => {
        this.#voice.leaveGuild(guildId)
        this.#dispatchGuildDelete(guildId, { guildId, position: undefined })
      },
      user: (delivery) => this.#receiveUserDelivery(delivery),
    }
    this.#subscriptions = new SessionSubscriptions(dependencies, identity, receiver)
    const sent = dependencies.sessions.add(this)
    this.#outbox = new Outbox(dependencies.encoder, { sent, link }, () => this.end())
  }

  isConnected = (): boolean => this.#outbox.connected

  /**
   * Sends READY, then one GUILD_CREATE for each guild. False if there is no such user. Rejects if
   * the hub is unavailable. The connection then closes, and the client identifies again.
   */
  start(): Promise<boolean> {
    const starting = this.#start()
    this.starting = starting.catch(() => {})
    return starting
  }

  async #start(): Promise<boolean> {
    if (!(await this.#subscriptions.subscribeUser({ continues: false }))) return false
    // The view has arrived, so READY was sent and `#announced` is set.
    const guilds = (this.#announced ?? []).map((id) => ({ id, announced: true }))
    await this.#subscriptions.joinAll(guilds, () => this.#outbox.drained())
    return true
  }

  setPresence(input: PresenceInput): void {
    const { clock } = this.#dependencies.runtime
    this.#subscriptions.setPresence(completeActivities(presenceOf(input), clock))
  }

  /** Joins, changes or leaves a voice channel. Nothing happens in a guild it has not joined. */
  async moveVoice(request: VoiceRequest & { readonly guildId: GuildId }): Promise<void> {
    const subscription = this.#subscriptions.get(request.guildId)
    const server =
      subscription &&
      (await this.#voice.move(subscription, request, callDeadline(this.#dependencies)))
    if (server) this.#outbox.dispatch('VOICE_SERVER_UPDATE', server)
  }

  async requestMembers(request: RequestMembers): Promise<void> {
    // Users who are not members must not learn who is.
    if (!this.#subscriptions.has(request.guild_id)) return
    const { hub } = this.#dependencies
    const { intents } = this.#identity
    for await (const chunk of memberChunks(
      hub,
      request,
      intents,
      callDeadline(this.#dependencies),
    )) {
      this.#outbox.dispatch('GUILD_MEMBERS_CHUNK', chunk)
      await this.#outbox.drained()
    }
  }

  /** The client has everything up to this number. */
  acknowledge = (sequence: number): void => this.#outbox.acknowledge(sequence)

  /** The socket is gone, and the client may resume. */
  disconnect(): void {
    this.#outbox.disconnect()
    if (!this.#ended) this.#dependencies.sessions.disconnected(this)
  }

  /**
   * Goes on over the link that `open` returns, with the events after this number. `bad-sequence`:
   * it was never sent. `lost`: the session no longer has all of the events, and ends. Throws
   * `UNAVAILABLE` while the session goes to another process.
   */
  resume(sequence: number, open: () => ClientLink): 'resumed' | 'bad-sequence' | 'lost' {
    if (this.#handover?.closing) throw unavailable('the session')
    const missed = this.#ended ? 'lost' : this.#outbox.missedSince(sequence)
    if (missed === 'lost') this.end()
    if (typeof missed === 'string') return missed
    this.#outbox.resume(open(), missed)
    this.#subscriptions.show(this.#subscriptions.presence)
    this.#outbox.dispatch('RESUMED', {})
    const joined = this.#handover?.joined ?? []
    this.#handover = undefined
    for (const guildId of joined) this.#joinNew(guildId)
    return 'resumed'
  }

  hidePresence = (): void => this.#subscriptions.hide()

  end(): void {
    if (this.#ended) return
    this.#voice.end()
    this.#close()
  }

  #close(): void {
    this.#ended = true
    this.#outbox.close()
    this.#voice.close()
    this.#dependencies.sessions.remove(this)
    this.#subscriptions.end()
  }

  async snapshot(deadline: Deadline): Promise<SessionSnapshot> {
    await withDeadline(deadline, 'the start of a session', this.starting)
    const announced = this.#announced
    if (this.#ended || !announced || this.#handover?.closing) throw unavailable('the session')
    const sent = this.#outbox.beginHandover()
    this.disconnect()
    const identity = { ...this.#identity, presence: this.#subscriptions.presence }
    const ids = this.#subscriptions.guilds().filter((id) => this.#subscriptions.get(id))
    this.#handover = new Handover(ids, this.#handover, this.#dependencies.runtime)
    const { token } = this.#handover
    const guilds = ids.map((id) => ({ id, call: this.#voice.callIn(id) }))
    const [{ hidden }, { sequence }] = [this.#subscriptions, this.#outbox]
    return { token, identity, hidden, sequence, sent, announced, guilds }
  }

  async handOver(starts: SessionStarts, deadline: Deadline): Promise<SessionRemainder> {
    const handover = this.#handover
    if (this.#ended || handover?.token !== starts.token) throw unavailable('the session')
    handover.closing = true
    await this.#subscriptions.close(starts, deadline).catch((error: unknown) => {
      this.end()
      throw error
    })
    if (this.#ended) throw unavailable('the session')
    const unknown = this.#subscriptions.guilds().filter((id) => !starts.guilds.has(id))
    const events = this.#outbox.recordedUpTo(starts, handover.guilds)
    this.#close()
    return { events, joined: [...handover.joined, ...unknown], ...this.#voice.state() }
  }

  /**
   * Goes on with a session of another process. It subscribes to the guilds first, then gets what
   * the other process has received up to there. Rejects as the hub does, and if the other process
   * does not answer.
   */
  static async restore(dependencies: SessionDependencies, from: RemoteSession): Promise<Session> {
    const session = new Session(dependencies, from.snapshot.identity)
    session.starting = session.#restore(from).catch((error: unknown) => {
      session.end()
      throw error
    })
    await session.starting
    return session
  }

  async #restore({ snapshot, handOver }: RemoteSession): Promise<void> {
    const { token, sequence, sent, announced, guilds } = snapshot
    const subscriptions = this.#subscriptions
    this.#announced = announced
    this.#outbox.restore(sequence, sent)
    if (snapshot.hidden) subscriptions.hide()
    subscriptions.hold()
    const user = await subscriptions.subscribeUser({ continues: true })
    if (!user) throw unavailable('the user of a session')
    const continuing = { announced: true, continues: true }
    const starts = await subscriptions.joinAll(guilds.map((each) => ({ ...each, ...continuing })))
    const by = callDeadline(this.#dependencies)
    const remainder = await handOver({ token, guilds: starts, user }, by)
    this.#voice.restore(remainder)
    for (const event of remainder.events) this.#outbox.sendEncoded(event)
    // The user has left these guilds, and the other process did not know it yet.
    for (const { id } of guilds)
      if (!starts.has(id) && remainder.joined.includes(id) && !subscriptions.joinsLater(id))
        this.#dispatchGuildDelete(id)
    subscriptions.release()
    subscriptions.showAgain()
    for (const id of remainder.joined) this.#joinNew(id)
    this.disconnect()
  }

  /** Receives a delivery of one guild. Runs once per session for every event, and does not wait. */
  #receive(guildId: GuildId, delivery: Parameters<Receiver['guild']>[1], announced: boolean): void {
    const origin = { guildId, position: delivery.position }
    if (delivery.kind === 'view') {
      const { intents, largeThreshold } = this.#identity
      if (!intentsAdmit(intents, 'GUILD_CREATE', true)) return
      const recipient = { ...this.#recipient, largeThreshold, announced }
      const { view, members, presences } = delivery
      const payload = guildCreatePayload(view, members, presences, recipient)
      this.#outbox.dispatch('GUILD_CREATE', payload, origin)
      return
    }
    const { event } = delivery
    if (event.type === 'VOICE_STATE_UPDATE') this.#voice.applyVoiceState(guildId, event.data)
    // Encoded by the first session that receives the event, and shared by all others.
    const dispatch = this.#dependencies.dispatches.get(event, true, this.#recipient)
    if (dispatch) this.#outbox.send(dispatch, origin)
  }

  /** Receives the user's view, a direct message, or the news that the user has joined a guild. */
  #receiveUserDelivery(delivery: UserDelivery): void {
    if (delivery.kind === 'view') this.#receiveUserView(delivery.view)
    else if (delivery.kind === 'joined') this.#joinNew(delivery.guildId)
    // Discord sends direct messages to the first shard only.
    if (delivery.kind !== 'event' || (this.#identity.shard?.[0] ?? 0) !== 0) return
    const { event, position } = delivery
    const dispatch = this.#dependencies.dispatches.get(event, false, this.#recipient)
    if (dispatch) this.#outbox.send(dispatch, { guildId: undefined, position })
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
    this.#outbox.dispatch('READY', readyPayload(this.#identity, view, guilds))
  }

  /** Joins a guild that READY did not name. */
  #joinNew(guildId: GuildId): void {
    if (!onShard(guildId, this.#identity.shard)) return
    if (this.#handover) {
      this.#handover.joined.push(guildId)
      return
    }
    this.#subscriptions
      .join(guildId, { announced: false })
      .catch((error: unknown) =>
        this.#dependencies.runtime.log.warn(
          { err: messageOf(error), guild: guildId },
          'a session could not join a guild',
        ),
      )
  }

  #dispatchGuildDelete(guildId: GuildId, origin?: Origin): void {
    if (intentsAdmit(this.#identity.intents, 'GUILD_DELETE', true))
      this.#outbox.dispatch('GUILD_DELETE', { id: guildId }, origin)
  }
}

import { type GuildId, intentsAdmit, type PresenceInput, type UserId } from '@threshold/contract'
import { type Channel, channelToWire, type Presence } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type {
  Delivery,
  EventEncoder,
  GuildHub,
  LogPosition,
  MessageStore,
  MetadataStore,
  Subscriber,
  Subscription,
  UserDelivery,
} from '@threshold/ports'
import { newestOfDirectMessages } from '../guild/last-messages.ts'
import type { VoiceServer } from '../voice/index.ts'
import { Dispatch } from './dispatch.ts'
import {
  type DispatchCache,
  guildCreatePayload,
  type Identity,
  readyPayload,
} from './dispatch-cache.ts'
import { memberChunks } from './member-chunks.ts'
import { onShard, presenceOf } from './protocol.ts'
import { VoiceParticipation, type VoiceRequest } from './voice-participation.ts'

/** What every session of a gateway stands on. */
export interface SessionDependencies {
  readonly metadata: MetadataStore
  readonly messages: Pick<MessageStore, 'newest'>
  readonly hub: GuildHub
  readonly encoder: EventEncoder
  readonly dispatches: DispatchCache
  readonly voice: Pick<VoiceServer, 'admit' | 'dismiss' | 'silence'>
  readonly runtime: Runtime
  /** Milliseconds that the ports have for what a session asks of them. */
  readonly budgetMs: number
}

/** The session's way to its client. */
export interface ClientLink {
  send(event: Dispatch, sequence: number): void
  /**
   * Resolves when the client has taken most of what was sent, or is gone: bursts wait for it
   * instead of filling memory.
   */
  drained(): Promise<void>
}

/** A guild as the session has it. */
interface Joined {
  /** READY named it; otherwise it was joined since. */
  readonly announced: boolean
  subscription?: Subscription
  last?: LogPosition
}

/** Guilds that one session joins at the same time. Each may cost the database three reads. */
const JOINING_AT_ONCE = 4

/**
 * One client's view of the world, from READY to the end of its socket: its guilds, its intents, its
 * own contiguous `s`. In stages 1 and 2 it dies with the socket; stage 3 lets it outlive one.
 */
export class Session {
  readonly #parts: SessionDependencies
  readonly #identity: Identity
  readonly #link: ClientLink
  #sequence = 0
  #presence: Presence
  #ended = false
  #ready = false
  /** User events that came before READY. */
  #early: UserDelivery[] = []
  #stopListening = (): void => {}
  readonly #guilds = new Map<GuildId, Joined>()
  readonly #talk: VoiceParticipation

  constructor(parts: SessionDependencies, identity: Identity, link: ClientLink) {
    this.#parts = parts
    this.#identity = identity
    this.#link = link
    this.#presence = this.#since(identity.presence)
    this.#talk = new VoiceParticipation(parts.voice, identity)
  }

  /**
   * READY, then one GUILD_CREATE for each guild. Rejects when the stores are away: then nothing was
   * promised yet.
   */
  async start(): Promise<void> {
    const { metadata, hub } = this.#parts
    const { user, shard } = this.#identity
    const deadline = this.#deadline()
    // Heard from now on and told after READY: a guild joined in this very moment is not missed.
    this.#stopListening = hub.subscribeUser(user.id, (delivery) =>
      this.#ready ? this.#hear(delivery) : this.#early.push(delivery),
    )
    const [guilds, dms] = await Promise.all([
      metadata.guildsOf(user.id, deadline),
      metadata.dmsOf(user.id, deadline),
    ])
    const mine = guilds.filter((id) => onShard(id, shard))
    const channels = await this.#directChannels(dms, deadline)
    if (this.#ended) return
    this.#dispatch('READY', readyPayload(this.#identity, mine, channels))
    this.#ready = true
    for (const delivery of this.#early.splice(0)) this.#hear(delivery)
    const left = mine[Symbol.iterator]()
    const joinSome = async (): Promise<void> => {
      for (const id of left) {
        await this.#join(id, { announced: true })
        await this.#link.drained()
      }
    }
    await Promise.all(Array.from({ length: JOINING_AT_ONCE }, joinSome))
  }

  setPresence(input: PresenceInput): void {
    this.#presence = this.#since(presenceOf(input))
    for (const { subscription } of this.#guilds.values()) subscription?.setPresence(this.#presence)
  }

  async moveVoice({ guildId, ...wish }: VoiceRequest & { guildId: GuildId }): Promise<void> {
    const subscription = this.#guilds.get(guildId)?.subscription
    const moved = await subscription?.setVoiceState(
      { ...wish, sessionId: this.#identity.id },
      this.#deadline(),
    )
    const { channelId } = wish
    // Ended meanwhile, perhaps by this very event: nobody would leave the call again.
    if (this.#ended || moved !== 'moved' || channelId === null) return
    const server = this.#talk.enterChannel(guildId, channelId, wish)
    if (server) this.#dispatch('VOICE_SERVER_UPDATE', server)
  }

  async requestMembers(ask: Parameters<typeof memberChunks>[1]): Promise<void> {
    if (!this.#guilds.has(ask.guild_id)) return // not a member: an answer would tell who is
    for await (const chunk of memberChunks(
      this.#parts.hub,
      ask,
      this.#identity.intents,
      this.#deadline(),
    )) {
      this.#dispatch('GUILD_MEMBERS_CHUNK', chunk)
      await this.#link.drained()
    }
  }

  end(): void {
    this.#ended = true
    this.#stopListening()
    for (const { subscription } of this.#guilds.values()) subscription?.unsubscribe()
    this.#talk.end()
    this.#guilds.clear()
  }

  async #join(guildId: GuildId, { announced }: { announced: boolean }): Promise<void> {
    if (this.#ended || this.#guilds.has(guildId)) return
    const entry: Joined = { announced }
    this.#guilds.set(guildId, entry)
    const subscriber: Subscriber = {
      userId: this.#identity.user.id,
      sessionId: this.#identity.id,
      presence: this.#presence,
      deliver: (delivery) => {
        if (this.#guilds.get(guildId) === entry) this.#deliver(guildId, entry, delivery)
      },
    }
    const subscription = await this.#parts.hub.subscribe(guildId, subscriber, this.#deadline())
    // Gone meanwhile: the session, the membership, or the guild.
    if (this.#ended || this.#guilds.get(guildId) !== entry) subscription?.unsubscribe()
    else if (subscription) entry.subscription = subscription
    else {
      this.#guilds.delete(guildId)
      // READY has promised it, and a client waits for what it was promised.
      if (announced) this.#tellGone(guildId)
    }
  }

  #deliver(guildId: GuildId, entry: Joined, delivery: Delivery): void {
    if (delivery.kind === 'left') {
      this.#guilds.delete(guildId)
      this.#talk.leaveGuild(guildId)
      this.#tellGone(guildId)
      return
    }
    if (isSeen(entry.last, delivery.position)) return
    entry.last = delivery.position
    if (delivery.kind === 'view') {
      const listener = {
        ...this.#listener(),
        largeThreshold: this.#identity.largeThreshold,
        announced: entry.announced,
      }
      if (intentsAdmit(listener.intents, 'GUILD_CREATE', true))
        this.#dispatch(
          'GUILD_CREATE',
          guildCreatePayload(delivery.view, delivery.members, delivery.presences, listener),
        )
      return
    }
    const { event } = delivery
    if (event.type === 'VOICE_STATE_UPDATE') this.#talk.applyVoiceState(guildId, event.data)
    const dispatch = this.#parts.dispatches.get(event, true, this.#listener())
    if (dispatch) this.#send(dispatch)
  }

  #tellGone(guildId: GuildId): void {
    if (intentsAdmit(this.#identity.intents, 'GUILD_DELETE', true))
      this.#dispatch('GUILD_DELETE', { id: guildId })
  }

  #hear(delivery: UserDelivery): void {
    const { shard } = this.#identity
    if (delivery.kind === 'joined') {
      if (!onShard(delivery.guildId, shard)) return
      this.#join(delivery.guildId, { announced: false }).catch((error: unknown) =>
        this.#parts.runtime.log.warn(
          { err: messageOf(error), guild: delivery.guildId },
          'a session could not join a guild',
        ),
      )
      return
    }
    if (shard && shard[0] !== 0) return // direct messages go to the first shard
    const dispatch = this.#parts.dispatches.get(delivery.event, false, this.#listener())
    if (dispatch) this.#send(dispatch)
  }

  #listener(): { userId: UserId; intents: number } {
    return { userId: this.#identity.user.id, intents: this.#identity.intents }
  }

  async #directChannels(dms: readonly Channel[], deadline: Deadline): Promise<object[]> {
    const me = this.#identity.user.id
    const others = [...new Set(dms.flatMap((dm) => dm.recipients!.filter((id) => id !== me)))]
    const { metadata, messages, runtime } = this.#parts
    const ids = dms.map(({ id }) => id)
    const [users, newest] = await Promise.all([
      metadata.users(others, deadline),
      newestOfDirectMessages(messages, ids, runtime),
    ])
    const people = new Map(users.map((user) => [user.id, user]))
    return dms.map((dm) =>
      channelToWire(dm, {
        recipients: dm.recipients!.flatMap((id) => people.get(id) ?? []),
        lastMessageId: newest.get(dm.id),
      }),
    )
  }

  #dispatch(type: string, data: object): void {
    this.#send(new Dispatch(this.#parts.encoder, type, data))
  }

  #send(event: Dispatch): void {
    if (this.#ended) return
    this.#sequence += 1
    this.#link.send(event, this.#sequence)
  }

  #since(presence: Presence): Presence {
    const created_at = this.#parts.runtime.clock.now()
    // Discord4J takes no activity without an id, and with it not the guild that it is shown in.
    return {
      ...presence,
      activities: presence.activities.map((activity, i) => ({
        id: String(i),
        ...activity,
        created_at,
      })),
    }
  }

  #deadline(): Deadline {
    return deadlineAfter(this.#parts.budgetMs, this.#parts.runtime.clock)
  }
}

/**
 * The gateway drops what it has seen: after a publisher's retry, or once a guild's owner has
 * changed (stage 3).
 */
const isSeen = (last: LogPosition | undefined, next: LogPosition): boolean =>
  last !== undefined &&
  (next.epoch < last.epoch || (next.epoch === last.epoch && next.sequence <= last.sequence))

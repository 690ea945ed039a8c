import type { GuildId } from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'
import {
  type Deadline,
  deadlineAfter,
  hasCode,
  messageOf,
  type Runtime,
  systemTimers,
} from '@threshold/kit'
import type {
  Delivery,
  GuildHub,
  Identity,
  LogPosition,
  SessionStarts,
  Subscriber,
  Subscription,
  UserDelivery,
  UserSubscription,
  VoiceRequest,
} from '@threshold/ports'
import pLimit from 'p-limit'

/** Guilds that one session joins at a time. Each may cost the database three reads. */
const MAX_CONCURRENT_JOINS = 4

/** A guild that is not available for so many milliseconds does not hold up a session. */
const LONG_OUTAGE_MS = 10_000

/** A guild that the session is subscribed to, or is about to be. */
interface JoinedGuild {
  /** Whether READY named the guild. Otherwise the user has joined it since. */
  readonly announced: boolean
  subscription?: Subscription
  lastPosition?: LogPosition
}

interface Dependencies {
  readonly hub: GuildHub
  readonly runtime: Pick<Runtime, 'clock' | 'log'>
  readonly budgetMs: number
}

/** The time limit of one call to another part. */
export const callDeadline = ({
  budgetMs,
  runtime,
}: Pick<Dependencies, 'budgetMs' | 'runtime'>): Deadline => deadlineAfter(budgetMs, runtime.clock)

/** The receiver of a session's deliveries. Each comes once, in order. */
export interface Receiver {
  guild(
    guildId: GuildId,
    delivery: Exclude<Delivery, { readonly kind: 'left' }>,
    announced: boolean,
  ): void
  /** The session is not in the guild any more, or never was, although READY named the guild. */
  notInGuild(guildId: GuildId): void
  user(delivery: UserDelivery): void
}

/** How a session begins in a guild. One that `continues` another process's needs no view. */
interface Joining {
  readonly announced: boolean
  readonly continues?: boolean
  readonly call?: VoiceRequest | undefined
}

/**
 * The subscriptions of one session: to its guilds, and to what reaches its user outside of them.
 */
export class SessionSubscriptions {
  readonly #dependencies: Dependencies
  readonly #identity: Pick<Identity, 'id' | 'userId'>
  readonly #receiver: Receiver
  readonly #guilds = new Map<GuildId, JoinedGuild>()
  /** Guilds that were not available, with what ends the wait for each. */
  readonly #later = new Map<GuildId, () => void>()
  #presence: Presence
  #shown: Presence
  #user: UserSubscription | undefined
  #userPosition: LogPosition | undefined
  /** Deliveries that wait until the session has what its former process received. */
  #held: (() => void)[] | undefined
  #ended = false

  constructor(
    dependencies: Dependencies,
    identity: Pick<Identity, 'id' | 'userId' | 'presence'>,
    receiver: Receiver,
  ) {
    this.#dependencies = dependencies
    this.#identity = identity
    this.#presence = identity.presence
    this.#shown = identity.presence
    this.#receiver = receiver
  }

  get presence(): Presence {
    return this.#presence
  }

  /** Whether others see the user offline, whatever the client has chosen. */
  get hidden(): boolean {
    return this.#shown !== this.#presence
  }

  setPresence(presence: Presence): void {
    this.#presence = presence
    this.show(presence)
  }

  /** Shows others this presence, whatever the client has chosen. */
  show(presence: Presence): void {
    if (presence === this.#shown) return
    this.#shown = presence
    for (const { subscription } of this.#guilds.values()) subscription?.setPresence(presence)
  }

  /** Others see the user offline. It is said again each time, since another process may differ. */
  hide(): void {
    this.#shown = this.#presence
    this.show(OFFLINE)
  }

  /** Says again what others see: the session's former process may have said something else. */
  showAgain(): void {
    const shown = this.#shown
    this.#shown = OFFLINE
    this.show(shown)
  }

  has(guildId: GuildId): boolean {
    return this.#guilds.has(guildId)
  }

  get(guildId: GuildId): Subscription | undefined {
    return this.#guilds.get(guildId)?.subscription
  }

  /** Also those that it is about to be subscribed to, or joins later. */
  guilds(): GuildId[] {
    return [...this.#guilds.keys(), ...this.#later.keys()]
  }

  /** Resolves to where the session begins. Undefined: there is no such user. */
  async subscribeUser({ continues }: { continues: boolean }): Promise<LogPosition | undefined> {
    const { id: sessionId, userId } = this.#identity
    const deliver = (delivery: UserDelivery): void =>
      this.#handle(() => {
        if (this.#ended || isDuplicate(this.#userPosition, delivery.position)) return
        this.#userPosition = delivery.position
        this.#receiver.user(delivery)
      })
    const subscriber = { userId, sessionId, continues, deliver }
    this.#user = await this.#dependencies.hub.subscribeUser(
      subscriber,
      callDeadline(this.#dependencies),
    )
    if (this.#ended) this.#user?.unsubscribe()
    if (continues) this.#userPosition = this.#user?.start
    return this.#user?.start
  }

  /** Resolves to where the session begins in the guild. Undefined: it is not in it. */
  async join(
    guildId: GuildId,
    { announced, continues = false, call }: Joining,
  ): Promise<LogPosition | undefined> {
    if (this.#ended || this.#guilds.has(guildId)) return undefined
    const joined: JoinedGuild = { announced }
    this.#guilds.set(guildId, joined)
    const subscriber: Subscriber = {
      userId: this.#identity.userId,
      sessionId: this.#identity.id,
      presence: this.#shown,
      continues,
      ...(call ? { call: { ...call, sessionId: this.#identity.id } } : {}),
      deliver: (delivery) => this.#handle(() => this.#receive(guildId, joined, delivery)),
    }
    const { hub } = this.#dependencies
    let subscription: Subscription | undefined
    try {
      subscription = await hub.subscribe(guildId, subscriber, callDeadline(this.#dependencies))
    } catch (error) {
      // Otherwise the session would count as joined, and a later membership would do nothing.
      if (this.#guilds.get(guildId) === joined) this.#guilds.delete(guildId)
      const waitMs = hasCode(error, 'UNAVAILABLE') ? (error.retryAfterMs ?? 0) : 0
      if (waitMs < LONG_OUTAGE_MS) throw error
      this.#joinLater(guildId, announced, waitMs)
      return undefined
    }
    // The session, the membership or the guild may have ended while the hub loaded the guild.
    if (this.#ended || this.#guilds.get(guildId) !== joined) subscription?.unsubscribe()
    else if (subscription) {
      joined.subscription = subscription
      if (continues) joined.lastPosition = subscription.start
      if (subscriber.presence !== this.#shown) subscription.setPresence(this.#shown)
    } else {
      this.#guilds.delete(guildId)
      // The client waits for every guild that READY named.
      if (announced && !continues) this.#receiver.notInGuild(guildId)
    }
    return joined.subscription?.start
  }

  /** The session goes on without the guild, which READY has called unavailable. */
  #joinLater(guildId: GuildId, announced: boolean, waitMs: number): void {
    if (this.#ended || this.#later.has(guildId)) return
    const retry = (): void => {
      this.#later.delete(guildId)
      this.join(guildId, { announced }).catch((error: unknown) => {
        this.#dependencies.runtime.log.warn(
          { err: messageOf(error), guild: guildId },
          'a session could not join a guild',
        )
        this.#joinLater(guildId, announced, waitMs)
      })
    }
    this.#later.set(guildId, systemTimers.after(waitMs, retry))
  }

  /** Whether the session joins the guild later, since it is not available for a while. */
  joinsLater(guildId: GuildId): boolean {
    return this.#later.has(guildId)
  }

  /** Joins guilds, a few at a time. Resolves to where the session begins in those that it is in. */
  async joinAll(
    guilds: readonly (Joining & { readonly id: GuildId })[],
    afterEach?: () => Promise<void>,
  ): Promise<ReadonlyMap<GuildId, LogPosition>> {
    const starts = new Map<GuildId, LogPosition>()
    await pLimit(MAX_CONCURRENT_JOINS).map(guilds, async ({ id, ...joining }) => {
      const start = await this.join(id, joining)
      if (start) starts.set(id, start)
      await afterEach?.()
    })
    return starts
  }

  /** Runs once per session for every event, and does not wait. */
  #receive(guildId: GuildId, joined: JoinedGuild, delivery: Delivery): void {
    if (this.#guilds.get(guildId) !== joined) return
    if (delivery.kind === 'left') {
      this.#guilds.delete(guildId)
      this.#receiver.notInGuild(guildId)
      return
    }
    const { lastPosition } = joined
    // A view may come again, after the last event that was sent by the state before.
    const isRepeated = delivery.kind === 'view' && isSamePosition(lastPosition, delivery.position)
    if (!isRepeated && isDuplicate(lastPosition, delivery.position)) return
    joined.lastPosition = delivery.position
    this.#receiver.guild(guildId, delivery, joined.announced)
  }

  /** From now on, deliveries wait for `release`. */
  hold(): void {
    this.#held = []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const handle of held) handle()
  }

  #handle(handle: () => void): void {
    if (this.#held) this.#held.push(handle)
    else handle()
  }

  /** Ends the subscriptions that began elsewhere. Until then, events may be on their way. */
  async close(starts: SessionStarts, deadline: Deadline): Promise<void> {
    await Promise.all([
      this.#user?.close(deadline),
      ...[...starts.guilds.keys()].map((id) => this.get(id)?.close(deadline)),
    ])
  }

  end(): void {
    this.#ended = true
    this.#user?.unsubscribe()
    for (const { subscription } of this.#guilds.values()) subscription?.unsubscribe()
    this.#guilds.clear()
    for (const cancel of this.#later.values()) cancel()
  }
}

const isSamePosition = (last: LogPosition | undefined, next: LogPosition): boolean =>
  last?.epoch === next.epoch && last.sequence === next.sequence

/**
 * Whether the session already has this position. It drops such events, which follow a publisher's
 * retry or, in stage 3, a move of the guild to another process. A newer epoch starts a new log.
 */
export const isDuplicate = (last: LogPosition | undefined, next: LogPosition): boolean =>
  last !== undefined &&
  (next.epoch < last.epoch || (next.epoch === last.epoch && next.sequence <= last.sequence))

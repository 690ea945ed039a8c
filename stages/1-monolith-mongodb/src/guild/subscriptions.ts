import type { ChannelId, UserId } from '@threshold/contract'
import { type GuildView, type Presence, presenceToWire, type Refusal } from '@threshold/domain'
import type { Timers } from '@threshold/kit'
import type { Delivery, LogPosition } from '@threshold/ports'
import type { Audience, Listener } from './audience.ts'
import type { GuildLog } from './guild-log.ts'
import { initialMembers } from './guild-view.ts'
import type { LiveState } from './live-state.ts'
import { createPresences, type Presences } from './presences.ts'
import {
  createTemporaryMembers,
  type TemporaryMembers,
  type TemporaryTimes,
} from './temporary-members.ts'
import type { VoiceStateChange, VoiceStates } from './voice-states.ts'

interface SubscriptionDependencies<L extends Listener> {
  readonly live: LiveState
  readonly audience: Audience<L>
  readonly log: GuildLog<L>
  readonly voiceStates: VoiceStates
  readonly timers: Timers
  readonly presenceDelayMs: number
  readonly temporaryTimes: TemporaryTimes
  /** Ends the membership of a temporary member who is offline. */
  readonly expireMember: (user: UserId) => Promise<unknown>
}

/** The presences and calls of members as clients see them. */
interface SeenMembers {
  readonly presences: ReadonlyMap<UserId, Presence['status']>
  readonly calls: ReadonlyMap<UserId, VoiceStateChange & { readonly channelId: ChannelId }>
}

/**
 * The sessions of a guild from subscribing to their end, and what depends on a user having one:
 * presence, voice state and temporary membership.
 */
export class Subscriptions<L extends Listener = Listener> {
  readonly #dependencies: SubscriptionDependencies<L>
  readonly #presences: Presences
  readonly #temporary: TemporaryMembers

  constructor(dependencies: SubscriptionDependencies<L>) {
    const { live, timers, temporaryTimes, expireMember, presenceDelayMs } = dependencies
    this.#dependencies = dependencies
    this.#presences = createPresences({ delayMs: presenceDelayMs, timers }, (user, presence) =>
      this.#publishPresence(user, presence),
    )
    this.#temporary = createTemporaryMembers(temporaryTimes, timers, expireMember)
    for (const { temporary, user } of live.current.members.values())
      if (temporary) this.#temporary.startExpiry(user.id, 'start')
  }

  /** Whether a temporary member may have to be removed later. */
  get pendingExpiry(): boolean {
    return this.#temporary.pending
  }

  presenceOf(user: UserId): Presence {
    return this.#presences.get(user)
  }

  /** Delivers the view to a new listener, and from then on every event that it may receive. */
  subscribe(listener: L, presence: Presence, view: GuildView | undefined): void {
    const { live, audience } = this.#dependencies
    const { userId, sessionId } = listener
    this.#presences.set(userId, sessionId, presence)
    // The session gets the view first, and then every event after the view's position. No event can
    // be lost in between, because nothing here awaits.
    audience.add(live.current, listener)
    this.#temporary.cancelExpiry(userId)
    const { log } = this.#dependencies
    const { position } = log
    if (view) log.deliver(listener, this.viewDelivery(userId, view, { presence, position }))
  }

  /** `presence`: one of the user that is not published yet. */
  viewDelivery(
    userId: UserId,
    view: GuildView,
    {
      presence = this.presenceOf(userId),
      position,
    }: { readonly presence?: Presence; readonly position: LogPosition },
  ): Delivery {
    const { current } = this.#dependencies.live
    const shown = initialMembers(current, { userId, presence }, this.#presences.online())
    return { kind: 'view', view, ...shown, position }
  }

  /**
   * Goes on with a session of an earlier owner of the guild. It has every event, and the others
   * know its call. `isSettled`: they know its presence as well.
   */
  restore(
    listener: L,
    {
      presence,
      isSettled,
      voice,
    }: {
      readonly presence: Presence
      readonly isSettled: boolean
      readonly voice?: VoiceStateChange | undefined
    },
  ): void {
    const { live, audience, voiceStates } = this.#dependencies
    const { userId, sessionId } = listener
    this.#presences.restore(userId, sessionId, presence, isSettled)
    audience.add(live.current, listener)
    this.#temporary.cancelExpiry(userId)
    const { channelId } = voice ?? {}
    if (voice && channelId) voiceStates.restore(userId, { ...voice, channelId })
  }

  /**
   * Publishes the presences and departures of users who are seen otherwise than they are: their
   * sessions ended with processes that could not tell.
   */
  correct({ presences, calls }: SeenMembers): void {
    for (const [user, status] of presences) this.#presences.correct(user, status)
    for (const [user, call] of calls) this.#dependencies.voiceStates.correct(user, call)
  }

  setPresence(listener: L, presence: Presence): void {
    const { userId, sessionId } = listener
    if (this.#isSubscribed(listener)) this.#presences.set(userId, sessionId, presence)
  }

  setVoiceState(listener: L, change: VoiceStateChange): 'moved' | 'left' | Refusal {
    if (!this.#isSubscribed(listener)) return 'left'
    return this.#dependencies.voiceStates.move(listener.userId, change)
  }

  /** Ends a subscription, and the session's call in this guild. */
  unsubscribe(listener: L): void {
    const { audience, voiceStates, live } = this.#dependencies
    const { userId, sessionId } = listener
    audience.remove(listener)
    // The session goes on at another listener.
    if (audience.sessionsOf(userId).some((other) => other.sessionId === sessionId)) return
    this.#presences.delete(userId, sessionId)
    if (voiceStates.get(userId)?.sessionId === sessionId) voiceStates.leave(userId)
    if (live.current.members.get(userId)?.temporary && !audience.hasUser(userId))
      this.#temporary.startExpiry(userId, 'disconnect')
  }

  /** Starts waiting for a new temporary member to connect. */
  temporaryMemberAdded(user: UserId): void {
    this.#temporary.startExpiry(user, 'start')
  }

  memberRemoved(user: UserId): void {
    this.#endSubscriptionsOf(user)
    this.#temporary.cancelExpiry(user)
  }

  guildDeleted(): void {
    for (const user of [...this.#dependencies.audience.users()]) this.#endSubscriptionsOf(user)
  }

  close(): void {
    this.#presences.close()
    this.#temporary.close()
  }

  #endSubscriptionsOf(user: UserId): void {
    const { audience, live, log } = this.#dependencies
    for (const listener of audience.sessionsOf(user)) {
      this.unsubscribe(listener)
      log.deliver(listener, { kind: 'left', guildId: live.current.guild.id })
    }
  }

  #isSubscribed(listener: L): boolean {
    return this.#dependencies.audience.sessionsOf(listener.userId).includes(listener)
  }

  #publishPresence(user: UserId, presence: Presence): void {
    const { live, log, audience } = this.#dependencies
    const { guild, members } = live.current
    if (!members.has(user)) return
    log.append('PRESENCE_UPDATE', presenceToWire(guild.id, user, presence), audience.everyone)
  }
}

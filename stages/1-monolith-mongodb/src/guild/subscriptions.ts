import type { UserId } from '@threshold/contract'
import { type GuildView, type Presence, presenceToWire } from '@threshold/domain'
import type { Subscriber, Subscription } from '@threshold/ports'
import type { Audience } from './audience.ts'
import type { GuildLog } from './guild-log.ts'
import { initialMembers } from './guild-view.ts'
import type { LiveState } from './live-state.ts'
import { createPresences, type Presences } from './presences.ts'
import {
  createTemporaryMembers,
  type TemporaryMembers,
  type TemporaryTimes,
} from './temporary-members.ts'
import type { VoiceStates } from './voice-states.ts'

interface SubscriptionDependencies {
  readonly live: LiveState
  readonly audience: Audience
  readonly log: GuildLog
  readonly voiceStates: VoiceStates
  readonly presenceDelayMs: number
  readonly temporaryTimes: TemporaryTimes
  /** Ends the membership of a temporary member who is offline. */
  readonly expireMember: (user: UserId) => Promise<unknown>
}

/**
 * The sessions of a guild from subscribing to their end, and what depends on a user having one:
 * presence, voice state and temporary membership.
 */
export class Subscriptions {
  readonly #dependencies: SubscriptionDependencies
  readonly #presences: Presences
  readonly #temporary: TemporaryMembers

  constructor(dependencies: SubscriptionDependencies) {
    const { live, temporaryTimes, expireMember, presenceDelayMs } = dependencies
    this.#dependencies = dependencies
    this.#presences = createPresences(presenceDelayMs, (user, presence) =>
      this.#publishPresence(user, presence),
    )
    this.#temporary = createTemporaryMembers(temporaryTimes, expireMember)
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

  /** Delivers the view to a new subscriber, and from then on every event that it may receive. */
  subscribe(subscriber: Subscriber, view: GuildView): Subscription {
    const { live, audience, log, voiceStates } = this.#dependencies
    const { userId, sessionId, presence } = subscriber
    this.#presences.set(userId, sessionId, presence)
    const shown = initialMembers(live.current, subscriber, this.#presences.online())
    // The session gets the view first, and then every event after the view's position. No event can
    // be lost in between, because nothing here awaits.
    audience.add(live.current, subscriber)
    this.#temporary.cancelExpiry(userId)
    subscriber.deliver({ kind: 'view', view, ...shown, position: log.position })
    const isSubscribed = (): boolean => audience.sessionsOf(userId).includes(subscriber)
    return {
      setPresence: (changed) => {
        if (isSubscribed()) this.#presences.set(userId, sessionId, changed)
      },
      setVoiceState: async (change) => (isSubscribed() ? voiceStates.move(userId, change) : 'left'),
      unsubscribe: () => this.#unsubscribe(subscriber),
    }
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
    const { audience, live } = this.#dependencies
    for (const subscriber of audience.sessionsOf(user)) {
      this.#unsubscribe(subscriber)
      subscriber.deliver({ kind: 'left', guildId: live.current.guild.id })
    }
  }

  #unsubscribe(subscriber: Subscriber): void {
    const { audience, voiceStates, live } = this.#dependencies
    const { userId, sessionId } = subscriber
    audience.remove(subscriber)
    this.#presences.delete(userId, sessionId)
    if (voiceStates.get(userId)?.sessionId === sessionId) voiceStates.leave(userId)
    if (live.current.members.get(userId)?.temporary && !audience.hasUser(userId))
      this.#temporary.startExpiry(userId, 'disconnect')
  }

  #publishPresence(user: UserId, presence: Presence): void {
    const { live, log, audience } = this.#dependencies
    const { guild, members } = live.current
    if (!members.has(user)) return
    log.append('PRESENCE_UPDATE', presenceToWire(guild.id, user, presence), audience.everyone)
  }
}

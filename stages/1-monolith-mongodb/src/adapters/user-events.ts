import type { GuildId, UserId } from '@threshold/contract'
import type { Deadline, Runtime } from '@threshold/kit'
import type {
  GuildHub,
  HubEvent,
  LogPosition,
  MessageStore,
  MetadataStore,
  UserDelivery,
  UserSubscriber,
  UserView,
} from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { readDirectChannels } from '../guild/direct-channels.ts'

/** Ids of published direct messages, so that a retry is published once. */
const MAX_PUBLISHED_IDS = 16_384

type Deliver = (delivery: UserDelivery) => void

/** The sessions of users, and the events that reach them outside of guilds. */
export interface UserEvents {
  readonly subscribe: GuildHub['subscribeUser']
  /** Publishes an event to all sessions of these users. An id that was published has no effect. */
  publish(users: readonly UserId[], event: HubEvent): void
  /** Tells the user's sessions of a guild that the user is now a member of. */
  joined(user: UserId, guildId: GuildId): void
}

/**
 * Holds subscriptions in memory. A direct message belongs to no guild, so its event is in no log.
 * It reaches the sessions that are connected now, and a client that reconnects reads the history.
 */
export function createUserEvents(
  ports: {
    readonly metadata: Pick<MetadataStore, 'users' | 'guildsOf' | 'dmsOf'>
    readonly messages: Pick<MessageStore, 'newest'>
  },
  runtime: Pick<Runtime, 'clock' | 'log'>,
): UserEvents {
  const subscribers = new Map<UserId, Set<Deliver>>()
  const publishedIds = new LRUCache<string, true>({ max: MAX_PUBLISHED_IDS })
  const epoch = runtime.clock.now()
  let sequence = 0

  const nextPosition = (): LogPosition => {
    sequence += 1
    return { epoch, sequence }
  }
  const deliver = (user: UserId, delivery: UserDelivery): void => {
    for (const subscriber of subscribers.get(user) ?? []) subscriber(delivery)
  }

  /** Returns a function that removes the subscriber. */
  function add(user: UserId, subscriber: Deliver): () => void {
    const ofUser = subscribers.get(user) ?? new Set()
    subscribers.set(user, ofUser.add(subscriber))
    // The last one to leave removes the entry. Otherwise every user who ever connected would stay
    // in memory.
    return () => {
      ofUser.delete(subscriber)
      if (ofUser.size === 0 && subscribers.get(user) === ofUser) subscribers.delete(user)
    }
  }

  async function readView(user: UserId, deadline: Deadline): Promise<UserView | undefined> {
    const { metadata } = ports
    const [[self], guilds, channels] = await Promise.all([
      metadata.users([user], deadline),
      metadata.guildsOf(user, deadline),
      metadata.dmsOf(user, deadline),
    ])
    if (!self) return undefined
    const readUsers = async (ids: ReadonlySet<UserId>, by: Deadline) =>
      new Map((await metadata.users([...ids], by)).map((found) => [found.id, found]))
    const sources = { messages: ports.messages, readUsers }
    const directChannels = await readDirectChannels(sources, user, channels, runtime, deadline)
    return { user: self, guilds, directChannels }
  }

  /** A subscriber whose deliveries wait for its view. */
  function withholding({ deliver: deliverNow }: UserSubscriber) {
    const early: UserDelivery[] = []
    let started = false
    return {
      deliver: (delivery: UserDelivery): void => {
        if (started) deliverNow(delivery)
        else early.push(delivery)
      },
      start(view: UserDelivery): void {
        started = true
        deliverNow(view)
        for (const delivery of early.splice(0)) deliverNow(delivery)
      },
    }
  }

  return {
    async subscribe(subscriber, deadline) {
      const { userId, continues } = subscriber
      const position = { epoch, sequence }
      const subscription = (unsubscribe: () => void) => ({
        start: position,
        unsubscribe,
        close: async () => unsubscribe(),
      })
      if (continues) return subscription(add(userId, (delivery) => subscriber.deliver(delivery)))
      // Subscribed before the guilds are read: otherwise a guild that the user joins in between
      // would be in neither.
      const withheld = withholding(subscriber)
      const unsubscribe = add(userId, withheld.deliver)
      try {
        const view = await readView(userId, deadline)
        if (view) {
          withheld.start({ kind: 'view', view, position })
          return subscription(unsubscribe)
        }
      } catch (error) {
        unsubscribe()
        throw error
      }
      unsubscribe()
      return undefined
    },

    publish(users, event) {
      if (publishedIds.get(event.id)) return
      publishedIds.set(event.id, true)
      const position = nextPosition()
      for (const user of new Set(users)) deliver(user, { kind: 'event', event, position })
    },

    joined: (user, guildId) => deliver(user, { kind: 'joined', guildId, position: nextPosition() }),
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { UserId } from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'
import type { Timers } from '@threshold/kit'

/** If a user's sessions differ, the status with the highest rank is shown. */
const RANK = { online: 3, dnd: 2, idle: 1, offline: 0 } as const

/**
 * The presences of a guild's members, merged from their sessions and published in batches, at most
 * once per `delayMs`.
 *
 * A thousand clients that reconnect would otherwise send two thousand events to each of them. A
 * user who is back before the delay is over causes no event at all. The batches leave room for
 * messages in between.
 *
 * Readers get the published presence, not the one of this instant. A new session is shown that
 * state and receives every change after it, so the two must fit together.
 */
export interface Presences {
  set(user: UserId, sessionId: string, presence: Presence): void
  /**
   * Adds a session of an earlier owner of the guild. `isSettled`: that owner has published the
   * presence. Otherwise the others may see any earlier one, so it is published in any case.
   */
  restore(user: UserId, sessionId: string, presence: Presence, isSettled: boolean): void
  /** Publishes the presence of a user whom others see with another status. */
  correct(user: UserId, seen: Presence['status']): void
  delete(user: UserId, sessionId: string): void
  /** The presence that was last published. */
  get(user: UserId): Presence
  /** The published presences of all users who are not offline. */
  online(): ReadonlyMap<UserId, Presence>
  close(): void
}

/** Users per batch. A guild with a thousand sessions makes fifty thousand deliveries of it. */
const BATCH = 50

export function createPresences(
  { delayMs, timers }: { readonly delayMs: number; readonly timers: Timers },
  publish: (user: UserId, presence: Presence) => void,
): Presences {
  const sessionsByUser = new Map<UserId, Map<string, Presence>>()
  const published = new Map<UserId, Presence>()
  const changed = new Set<UserId>()
  /** Users of whom this owner has published a presence, so that it knows what others see. */
  const known = new Set<UserId>()
  /** Users whose published presence is not known. */
  const unsettled = new Set<UserId>()
  let cancelBatch: (() => void) | undefined
  let closed = false

  const currentPresence = (user: UserId): Presence => {
    let best: Presence | undefined
    for (const presence of sessionsByUser.get(user)?.values() ?? [])
      if (!best || RANK[presence.status] > RANK[best.status]) best = presence
    return best ?? OFFLINE
  }
  const publishBatch = (): void => {
    cancelBatch = undefined
    const batch = [...changed.values().take(BATCH)]
    // Before anything is published, since a subscriber may change a presence in response. That
    // change has to wait for a later batch.
    for (const user of batch) changed.delete(user)
    if (changed.size > 0) schedule()
    for (const user of batch) {
      const presence = currentPresence(user)
      const isPublished = isSamePresence(presence, published.get(user) ?? OFFLINE)
      if (!unsettled.delete(user) && isPublished) continue
      known.add(user)
      if (presence.status === 'offline') published.delete(user)
      else published.set(user, presence)
      publish(user, presence)
    }
  }
  const schedule = (): void => {
    if (!closed) cancelBatch ??= timers.after(delayMs, publishBatch)
  }
  const markChanged = (user: UserId): void => {
    changed.add(user)
    schedule()
  }
  return {
    set(user, sessionId, presence) {
      const sessions = sessionsByUser.get(user) ?? new Map<string, Presence>()
      sessionsByUser.set(user, sessions.set(sessionId, presence))
      markChanged(user)
    },
    restore(user, sessionId, presence, isSettled) {
      const sessions = sessionsByUser.get(user) ?? new Map<string, Presence>()
      sessionsByUser.set(user, sessions.set(sessionId, presence))
      if (known.has(user)) {
        markChanged(user)
        return
      }
      if (!isSettled) {
        unsettled.add(user)
        markChanged(user)
        return
      }
      const merged = currentPresence(user)
      if (merged.status !== 'offline') published.set(user, merged)
    },
    correct(user, seen) {
      if (known.has(user) || currentPresence(user).status === seen) return
      unsettled.add(user)
      markChanged(user)
    },
    delete(user, sessionId) {
      const sessions = sessionsByUser.get(user)
      if (!sessions?.delete(sessionId)) return
      if (sessions.size === 0) sessionsByUser.delete(user)
      markChanged(user)
    },
    get: (user) => published.get(user) ?? OFFLINE,
    online: () => published,
    close() {
      closed = true
      cancelBatch?.()
    },
  }
}

const isSamePresence = (a: Presence, b: Presence): boolean =>
  isDeepStrictEqual(comparable(a), comparable(b))

/** Clients escape the URL of a stream in different ways, which changes nothing. */
const comparable = ({ status, activities }: Presence): Presence => ({
  status,
  activities: activities.map((activity) => ({
    ...activity,
    ...(activity.url == null ? {} : { url: decodeURI(activity.url) }),
  })),
})

import { isDeepStrictEqual } from 'node:util'
import type { UserId } from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'

/** The order in which a user's sessions speak for them: who is anywhere online is online. */
const RANK = { online: 3, dnd: 2, idle: 1, offline: 0 } as const

/**
 * The presences of a guild's members, put together from their sessions' and told at most once per
 * `delayMs`. A thousand clients that reconnect would be two thousand events to each of them; who is
 * back before the delay is over is not mentioned at all, and the rest are told of in batches, so
 * that messages find their turn in between. Whoever asks is answered with what was told, not with
 * what is true this instant: what a newcomer is shown and what is told afterwards must add up.
 */
export interface Presences {
  set(user: UserId, sessionId: string, presence: Presence): void
  delete(user: UserId, sessionId: string): void
  /** As last told. */
  get(user: UserId): Presence
  /** All who are not offline, as last told. */
  online(): ReadonlyMap<UserId, Presence>
  close(): void
}

/**
 * Users told of in one go. In a guild of a thousand listeners that is fifty thousand deliveries.
 */
const BATCH = 50

export function createPresences(
  delayMs: number,
  tell: (user: UserId, presence: Presence) => void,
): Presences {
  const sessions = new Map<UserId, Map<string, Presence>>()
  const told = new Map<UserId, Presence>()
  const waiting = new Set<UserId>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const now = (user: UserId): Presence => {
    let best: Presence | undefined
    for (const presence of sessions.get(user)?.values() ?? [])
      if (!best || RANK[presence.status] > RANK[best.status]) best = presence
    return best ?? OFFLINE
  }
  const flush = (): void => {
    timer = undefined
    const batch = [...waiting.values().take(BATCH)]
    for (const user of batch) waiting.delete(user) // before anyone is told, so that a change made meanwhile waits anew
    if (waiting.size > 0) schedule()
    for (const user of batch) {
      const presence = now(user)
      if (isDeepStrictEqual(presence, told.get(user) ?? OFFLINE)) continue
      if (presence.status === 'offline') told.delete(user)
      else told.set(user, presence)
      tell(user, presence)
    }
  }
  const schedule = (): void => {
    if (!closed) timer ??= setTimeout(flush, delayMs)
  }
  const changed = (user: UserId): void => {
    waiting.add(user)
    schedule()
  }
  return {
    set(user, sessionId, presence) {
      const own = sessions.get(user) ?? new Map<string, Presence>()
      sessions.set(user, own.set(sessionId, presence))
      changed(user)
    },
    delete(user, sessionId) {
      const own = sessions.get(user)
      if (!own?.delete(sessionId)) return
      if (own.size === 0) sessions.delete(user)
      changed(user)
    },
    get: (user) => told.get(user) ?? OFFLINE,
    online: () => told,
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

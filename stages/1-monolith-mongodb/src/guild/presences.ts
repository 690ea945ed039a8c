import { isDeepStrictEqual } from 'node:util'
import type { UserId } from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'

/** The order in which a user's sessions speak for them: who is anywhere online is online. */
const RANK = { online: 3, dnd: 2, idle: 1, offline: 0 } as const

/**
 * The presences of a guild's members, put together from their sessions' and told at most once per `delayMs`. A thousand
 * clients that reconnect would be two thousand events to each of them; who is back before the delay is over is not
 * mentioned at all. Whoever asks is answered with what was told, not with what is true this instant: what a newcomer is shown
 * and what is told afterwards must add up.
 */
export interface Presences {
  set(user: UserId, sessionId: string, presence: Presence): void
  drop(user: UserId, sessionId: string): void
  /** As last told. */
  of(user: UserId): Presence
  /** All who are not offline, as last told. */
  online(): ReadonlyMap<UserId, Presence>
  close(): void
}

export function createPresences(delayMs: number, tell: (user: UserId, presence: Presence) => void): Presences {
  const sessions = new Map<UserId, Map<string, Presence>>()
  const told = new Map<UserId, Presence>()
  const waiting = new Set<UserId>()
  let timer: NodeJS.Timeout | undefined

  const now = (user: UserId): Presence => {
    let best: Presence | undefined
    for (const presence of sessions.get(user)?.values() ?? []) if (!best || RANK[presence.status] > RANK[best.status]) best = presence
    return best ?? OFFLINE
  }
  const flush = (): void => {
    timer = undefined
    for (const user of waiting) {
      const presence = now(user)
      if (isDeepStrictEqual(presence, told.get(user) ?? OFFLINE)) continue
      if (presence.status === 'offline') told.delete(user)
      else told.set(user, presence)
      tell(user, presence)
    }
    waiting.clear()
  }
  const changed = (user: UserId): void => {
    waiting.add(user)
    timer ??= setTimeout(flush, delayMs)
  }
  return {
    set(user, sessionId, presence) {
      const own = sessions.get(user) ?? new Map<string, Presence>()
      sessions.set(user, own.set(sessionId, presence))
      changed(user)
    },
    drop(user, sessionId) {
      const own = sessions.get(user)
      if (!own?.delete(sessionId)) return
      if (own.size === 0) sessions.delete(user)
      changed(user)
    },
    of: (user) => told.get(user) ?? OFFLINE,
    online: () => new Map(told),
    close: () => clearTimeout(timer),
  }
}

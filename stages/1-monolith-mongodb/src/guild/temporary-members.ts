import type { UserId } from '@threshold/contract'

export interface TemporaryTimes {
  /**
   * From a member's last session to the end of their membership. A connection that broke is back by
   * then.
   */
  readonly offlineMs: number
  /**
   * The same for a member who was not seen yet: after a restart everybody has to come back, and a
   * new member to connect.
   */
  readonly unseenMs: number
}

export const TEMPORARY_TIMES: TemporaryTimes = { offlineMs: 3_000, unseenMs: 60_000 }

/** A removal that the store did not keep is tried again after this long. */
const RETRY_MS = 5_000

/**
 * Members whose membership ends because they are offline. Nothing is kept: the member's own record
 * says that they are temporary.
 */
export interface TemporaryMembers {
  /** A timer of a member runs. */
  readonly pending: boolean
  /** No session is left, or none came yet: the membership ends after a while. */
  startExpiry(user: UserId, seen: boolean): void
  /** A session is there, or the member is gone or stays for good. */
  cancelExpiry(user: UserId): void
  close(): void
}

export function createTemporaryMembers(
  times: TemporaryTimes,
  expire: (user: UserId) => Promise<unknown>,
): TemporaryMembers {
  const timers = new Map<UserId, NodeJS.Timeout>()
  let closed = false

  const schedule = (user: UserId, ms: number): void => {
    clearTimeout(timers.get(user))
    if (closed) return
    const timer = setTimeout(async () => {
      try {
        await expire(user)
        if (timers.get(user) === timer) timers.delete(user)
      } catch {
        // Unless they came back meanwhile. The store's failure is told where it happened.
        if (timers.get(user) === timer) schedule(user, RETRY_MS)
      }
    }, ms)
    timers.set(user, timer)
  }
  return {
    get pending() {
      return timers.size > 0
    },
    startExpiry: (user, seen) => schedule(user, seen ? times.offlineMs : times.unseenMs),
    cancelExpiry(user) {
      clearTimeout(timers.get(user))
      timers.delete(user)
    },
    close() {
      closed = true
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

import type { UserId } from '@threshold/contract'
import type { Timers } from '@threshold/kit'

export interface TemporaryTimes {
  /**
   * Milliseconds from the end of a member's last session to the end of the membership. A connection
   * that broke is usually back by then.
   */
  readonly offlineMs: number
  /**
   * The same for a member without a session so far: after a restart every member has to reconnect,
   * and a new member has to connect.
   */
  readonly unseenMs: number
}

export const TEMPORARY_TIMES: TemporaryTimes = { offlineMs: 3_000, unseenMs: 60_000 }

/** A removal that the store did not accept is retried after this many milliseconds. */
const RETRY_MS = 5_000

/**
 * Removes temporary members who are offline. The timers are in memory only: after a restart the
 * `temporary` flag in each member's stored record starts them again.
 */
export interface TemporaryMembers {
  /** Whether any member's timer is running. */
  readonly pending: boolean
  /** Starts the timer of a member whose last session has ended, or who has not connected yet. */
  startExpiry(user: UserId, since: 'disconnect' | 'start'): void
  /** Stops the timer: the member has a session, was removed, or was given a role and stays. */
  cancelExpiry(user: UserId): void
  close(): void
}

export function createTemporaryMembers(
  times: TemporaryTimes,
  timers: Timers,
  expire: (user: UserId) => Promise<unknown>,
): TemporaryMembers {
  /** Cancels a member's timer. */
  const cancels = new Map<UserId, () => void>()
  let closed = false

  const schedule = (user: UserId, ms: number): void => {
    cancels.get(user)?.()
    if (closed) return
    const cancel = timers.after(ms, async () => {
      try {
        await expire(user)
        if (cancels.get(user) === cancel) cancels.delete(user)
      } catch {
        // The store logs its own failure. A member who came back meanwhile has another timer or
        // none, and is not scheduled again.
        if (cancels.get(user) === cancel) schedule(user, RETRY_MS)
      }
    })
    cancels.set(user, cancel)
  }
  return {
    get pending() {
      return cancels.size > 0
    },
    startExpiry: (user, since) =>
      schedule(user, since === 'disconnect' ? times.offlineMs : times.unseenMs),
    cancelExpiry(user) {
      cancels.get(user)?.()
      cancels.delete(user)
    },
    close() {
      closed = true
      for (const cancel of cancels.values()) cancel()
    },
  }
}

import type { ReservationRequest, TimeReservation } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/**
 * Time that a process has reserved for its ids, by worker number: the durable memory of how far ids
 * may have come. No id is made outside a reservation, so that none repeats when the clock is set
 * back, when the process is killed, or when two processes are given the same worker number by
 * mistake. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED` alone.
 */
export interface TimeReservations extends AsyncDisposable {
  /**
   * Durable once resolved. Safe to repeat after a failure: the answer covers what the first try may
   * have reserved.
   */
  reserve(worker: number, wish: ReservationRequest, deadline: Deadline): Promise<TimeReservation>
  /**
   * Gives back the time from `until` on, so that the next process need not begin ahead of its
   * clock.
   */
  release(worker: number, owner: string, until: number, deadline: Deadline): Promise<void>
}

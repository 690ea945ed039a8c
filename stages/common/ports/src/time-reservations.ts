import type { ReservationRequest, TimeReservation } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/**
 * Stores the time that each worker number has reserved for ids. A process makes ids only inside its
 * reservation. So no id repeats when the clock is set back, when the process is killed, or when two
 * processes run under the same worker number by mistake. Rejects with `UNAVAILABLE` or
 * `DEADLINE_EXCEEDED` only.
 */
export interface TimeReservations extends AsyncDisposable {
  /**
   * Reserves time. Durable once resolved. Safe to repeat after a failure: the result includes what
   * the first try may have reserved.
   */
  reserve(worker: number, request: ReservationRequest, deadline: Deadline): Promise<TimeReservation>
  /**
   * Ends the owner's reservation at `until`, so that the next process need not start ahead of its
   * clock.
   */
  release(worker: number, owner: string, until: number, deadline: Deadline): Promise<void>
}

/**
 * The time in which one owner alone may make ids: milliseconds since the Unix epoch, `from`
 * inclusive and `until` exclusive.
 */
export interface TimeReservation {
  /**
   * A random id of one start of one process. Two processes under one worker number are two owners.
   */
  readonly owner: string
  readonly from: number
  readonly until: number
}

export interface ReservationRequest {
  readonly owner: string
  /** The earliest start: the owner's clock, or the latest time that it has used if that is later. */
  readonly at: number
  /** The length in milliseconds. */
  readonly ms: number
}

/**
 * Extends the owner's reservation, or makes the first one of a new owner. `held` is the worker
 * number's current reservation. Two owners never share a millisecond, whatever their clocks say,
 * because a new owner starts at or after the end of the held reservation. The same owner keeps its
 * start and gets more time, so a request repeated after a lost answer is harmless.
 */
export function extendReservation(
  held: TimeReservation | undefined,
  { owner, at, ms }: ReservationRequest,
): TimeReservation {
  if (held?.owner === owner) return { ...held, until: Math.max(held.until, at + ms) }
  const from = Math.max(held?.until ?? 0, at)
  return { owner, from, until: from + ms }
}

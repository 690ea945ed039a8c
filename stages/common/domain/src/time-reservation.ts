/**
 * The time in which one owner alone may make ids: milliseconds since the Unix epoch, `from`
 * inclusive and `until` exclusive.
 */
export interface TimeReservation {
  readonly owner: string
  readonly from: number
  readonly until: number
}

export interface ReservationRequest {
  readonly owner: string
  /** The earliest start: the owner's clock, or its last id if that is later. */
  readonly at: number
  /** The length in milliseconds. */
  readonly ms: number
}

/**
 * The next reservation of a worker number; `held` is the latest one. Two owners never share a
 * millisecond, whatever their clocks say, because a new owner starts where the held reservation
 * ends. An owner that repeats its request, perhaps because the answer was lost, keeps its start and
 * never gets less time than before.
 */
export function extendReservation(
  held: TimeReservation | undefined,
  { owner, at, ms }: ReservationRequest,
): TimeReservation {
  if (held?.owner === owner) return { ...held, until: Math.max(held.until, at + ms) }
  const from = Math.max(held?.until ?? 0, at)
  return { owner, from, until: from + ms }
}

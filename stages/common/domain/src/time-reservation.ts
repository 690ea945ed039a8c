/**
 * Milliseconds since the Unix epoch, `from` included and `until` not, in which one owner alone may
 * make ids.
 */
export interface TimeReservation {
  readonly owner: string
  readonly from: number
  readonly until: number
}

export interface ReservationRequest {
  readonly owner: string
  /** No earlier than this: the owner's clock, or its last id where that is later. */
  readonly at: number
  readonly ms: number
}

/**
 * The next reservation of a worker number, of which the one that is stored is the latest. Two
 * owners never hold the same millisecond, whatever their clocks say: a new owner begins where the
 * stored reservation ends. An owner that asks again, perhaps because it never got an answer, keeps
 * its beginning and is never given less than before.
 */
export function extendReservation(
  held: TimeReservation | undefined,
  { owner, at, ms }: ReservationRequest,
): TimeReservation {
  if (held?.owner === owner) return { ...held, until: Math.max(held.until, at + ms) }
  const from = Math.max(held?.until ?? 0, at)
  return { owner, from, until: from + ms }
}

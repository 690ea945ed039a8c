/** The time from the start of a write to its answer. */
export interface Span {
  readonly beganMs: number
  readonly answeredMs: number
  /** Why the write failed; undefined if it succeeded. */
  readonly error?: unknown
}

/** Measures a write. Never rejects: a failed write has a duration too. */
export async function timeWrite(write: () => Promise<unknown>): Promise<Span> {
  const beganMs = performance.now()
  try {
    await write()
    return { beganMs, answeredMs: performance.now() }
  } catch (error) {
    return { beganMs, answeredMs: performance.now(), error }
  }
}

/**
 * True if each write was answered after the other had begun. A client then cannot tell their order,
 * and a replica may apply them in either one. Writes that follow one another do not race.
 */
export const overlaps = (one: Span, other: Span): boolean =>
  one.beganMs < other.answeredMs && other.beganMs < one.answeredMs

/** An edit and a delete of the same message. */
export interface Pair {
  readonly edit: Span
  readonly remove: Span
}

/** Counts the edits that succeeded, and those of them that overlapped their delete. */
export function tallyOf(pairs: readonly Pair[]): {
  readonly edits: number
  readonly raced: number
} {
  const done = pairs.filter(({ edit }) => edit.error === undefined)
  return {
    edits: done.length,
    raced: done.filter(({ edit, remove }) => overlaps(edit, remove)).length,
  }
}

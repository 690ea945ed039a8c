/** One of two writes: when it began, and when its answer came. */
export interface Span {
  readonly beganMs: number
  readonly answeredMs: number
  /** Why it was not done; undefined where it was. */
  readonly refusal?: unknown
}

/** Never rejects: a write that is refused took its time as well. */
export async function timeWrite(write: () => Promise<unknown>): Promise<Span> {
  const beganMs = performance.now()
  try {
    await write()
    return { beganMs, answeredMs: performance.now() }
  } catch (refusal) {
    return { beganMs, answeredMs: performance.now(), refusal }
  }
}

/**
 * Both were under way at the same moment, as far as anybody outside can tell: the answer to each
 * came after the other had begun. Then neither order is wrong, and a replica may see either. Of two
 * that followed one another there was no race.
 */
export const overlaps = (one: Span, other: Span): boolean =>
  one.beganMs < other.answeredMs && other.beganMs < one.answeredMs

/** An edit and a delete of the same message. */
export interface Pair {
  readonly edit: Span
  readonly remove: Span
}

/** Edits that were done, and those of them that raced a delete. */
export function tallyOf(pairs: readonly Pair[]): {
  readonly edits: number
  readonly raced: number
} {
  const done = pairs.filter(({ edit }) => edit.refusal === undefined)
  return {
    edits: done.length,
    raced: done.filter(({ edit, remove }) => overlaps(edit, remove)).length,
  }
}

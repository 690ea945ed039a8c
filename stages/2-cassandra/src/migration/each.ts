import { type Deadline, deadlineExceeded, isExpired } from '@threshold/kit'
import { slices } from '@threshold/migration'

/** Statements of one call under way at once. Those beyond the database's own limit wait there. */
const MAX_UNDER_WAY = 256

/** Side by side, some at a time. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const some of slices(items, MAX_UNDER_WAY)) await Promise.all(some.map(work))
}

/**
 * One after the other. Begins none after the deadline: the caller may reconcile what it gave up.
 */
export async function inOrder<T>(
  items: readonly T[],
  deadline: Deadline,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const item of items) {
    if (isExpired(deadline)) throw deadlineExceeded('migration')
    await work(item)
  }
}

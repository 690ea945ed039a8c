import { type Deadline, deadlineExceeded, isExpired } from '@threshold/kit'
import { slices } from '@threshold/migration'

/**
 * The most items of one call under way. `CassandraDatabase` limits the statements of all calls
 * together, and queues those beyond its limit.
 */
const MAX_UNDER_WAY = 256

/** Runs `work` for all items, in concurrent batches. Rejects with the first error. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const some of slices(items, MAX_UNDER_WAY)) await Promise.all(some.map(work))
}

/**
 * Runs `work` for one item after the other. It rejects after the deadline and starts no further
 * one, since the caller may already be reconciling the writes that it gave up.
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

import { setTimeout as delay } from 'node:timers/promises'
import type { Reaction } from '@threshold/domain'
import { type Deadline, deadlineAfter, hasCode } from '@threshold/kit'
import { type MessageKey, type Movable, type PutOptions, REACTIONS_PAGE } from '../movable.ts'
import { slices } from '../sizes.ts'

const BATCH_WITHIN_MS = 10_000
const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/** For what may be repeated: a database that is away for a moment costs the migrator the moment. */
export async function insist<T>(work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work(deadlineAfter(BATCH_WITHIN_MS))
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED') || Date.now() > until) throw error
      await delay(PAUSE_MS)
    }
  }
}

/**
 * Written by one deadline. One message may have more than a deadline's worth, and would be begun
 * again for ever.
 */
const REACTIONS_TOGETHER = 500

export async function putReactions(
  to: Movable,
  reactions: readonly Reaction[],
  options?: Pick<PutOptions, 'present'>,
): Promise<void> {
  for (const some of slices(reactions, REACTIONS_TOGETHER))
    await insist((by) => to.putReactions(some, by, options))
}

/** Messages whose reactions are asked for together. */
const REACTED_TOGETHER = 100

/**
 * Page by page: all reactions on one message may be more than a process can hold, or a deadline.
 */
export async function* reactionPages(
  side: Movable,
  keys: readonly MessageKey[],
): AsyncGenerator<Reaction[]> {
  for (const some of slices(keys, REACTED_TOGETHER)) {
    let page: Reaction[] = []
    do {
      const after = page.at(-1)
      page = await insist((by) => side.reactionsOn(some, by, after))
      yield page
    } while (page.length >= REACTIONS_PAGE)
  }
}

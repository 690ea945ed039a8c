import { setTimeout as delay } from 'node:timers/promises'
import type { Reaction } from '@threshold/domain'
import { type Deadline, deadlineIn, hasCode } from '@threshold/kit'
import type { MessageKey, Movable, PutOptions } from '../movable.ts'

const BATCH_WITHIN_MS = 10_000
const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/** For what may be repeated: a database that is away for a moment costs the migrator the moment. */
export async function insist<T>(work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work(deadlineIn(BATCH_WITHIN_MS))
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED') || Date.now() > until) throw error
      await delay(PAUSE_MS)
    }
  }
}

/** Written by one deadline. One message may have more than a deadline's worth, and would be begun again for ever. */
const REACTIONS_TOGETHER = 500

export async function putReactions(to: Movable, reactions: readonly Reaction[], options?: Pick<PutOptions, 'present'>): Promise<void> {
  for (const some of slices(reactions, REACTIONS_TOGETHER)) await insist((by) => to.putReactions(some, by, options))
}

/** Of so many messages at once; each may have thousands. */
const REACTED_TOGETHER = 100

export async function reactionsOf(side: Movable, keys: readonly MessageKey[]): Promise<Reaction[]> {
  const found: Reaction[] = []
  for (const some of slices(keys, REACTED_TOGETHER)) found.push(...(await insist((by) => side.reactionsOn(some, by))))
  return found
}

export const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

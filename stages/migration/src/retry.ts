import type { Reaction } from '@threshold/domain'
import { type Deadline, deadlineAfter, hasCode } from '@threshold/kit'
import pRetry from 'p-retry'
import { type MessageKey, type MigrationPort, type PutOptions, REACTIONS_PAGE } from './replica.ts'
import { slices } from './sizes.ts'

const WITHIN_MS = 10_000
const RETRY_FOR_MS = 60_000
const PAUSE_MS = 500

/**
 * Repeats work that may be repeated while a database is away, for a minute. Each try gets a
 * deadline of ten seconds.
 */
export const retry = <T>(work: (deadline: Deadline) => Promise<T>): Promise<T> =>
  pRetry(() => work(deadlineAfter(WITHIN_MS)), {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: RETRY_FOR_MS,
    minTimeout: PAUSE_MS,
    factor: 1,
    shouldRetry: ({ error }) => hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED'),
  })

/**
 * Written by one deadline. All reactions of one message may be more, and would start over for ever.
 */
const REACTIONS_AT_ONCE = 500

export async function putReactions(
  port: MigrationPort,
  reactions: readonly Reaction[],
  options?: Pick<PutOptions, 'onlyIfPresent'>,
): Promise<void> {
  for (const some of slices(reactions, REACTIONS_AT_ONCE))
    await retry((by) => port.putReactions(some, by, options))
}

/** Messages whose reactions are read together. */
const MESSAGES_AT_ONCE = 100

/** All reactions on these messages, page by page: one message may have more than memory holds. */
export async function* reactionPages(
  port: MigrationPort,
  keys: readonly MessageKey[],
): AsyncGenerator<Reaction[]> {
  for (const some of slices(keys, MESSAGES_AT_ONCE)) {
    let page: Reaction[] = []
    do {
      const after = page.at(-1)
      page = await retry((by) => port.reactionsOn(some, by, after))
      yield page
    } while (page.length >= REACTIONS_PAGE)
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { ChannelId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { deadlineAfter, type Runtime } from '@threshold/kit'
import type { Anchor, MessageStore } from '@threshold/ports'
import { Counter } from 'prom-client'
import type { Intents } from './intents.ts'
import type { Migration, MigrationState, ShadowReads } from './phases.ts'
import { bytesOfMessage } from './sizes.ts'

interface Page {
  readonly channel: ChannelId
  readonly anchor: Anchor
  readonly limit: number
}

export interface Shadow {
  /**
   * Reads a share of pages from both stores, when no reader waits, and counts whether they agree.
   * `shown` is the page as the reader got it, by which its size is known beforehand.
   */
  compare(
    page: Page,
    shown: readonly StoredMessage[],
    primary: MessageStore,
    follower: MessageStore,
  ): void
  counts(): ShadowReads
}

/** Pages under comparison; beyond it none is taken up, since this must not become the load. */
const AT_ONCE = 4
/**
 * And bytes of them, beyond the first: a page of a hundred large messages is 24 MB, and is read
 * twice.
 */
const BYTES_AT_ONCE = 8 * 1_024 * 1_024
/** The try at which a page that still differs is one to wait for. */
const DOUBTED = 3
const WITHIN_MS = 3_000
/**
 * A message on its way is in one store and not yet in the other: a page that differs is read again
 * every so often, for so long.
 */
const AGAIN_MS = 500
const AGAIN_FOR_MS = 6_000
/**
 * And for longer while something is written down of what differs. What a killed process left is
 * settled after fifteen seconds.
 */
const WRITTEN_FOR_MS = 25_000
/** After so long every comparison has come to its end. */
export const COMPARED_WITHIN_MS = WRITTEN_FOR_MS + 3 * WITHIN_MS

/**
 * The last thing to look at before a cut-over: what readers would have been shown, compared under
 * their own load.
 */
export function createShadow(
  migration: () => Migration,
  state: Pick<MigrationState, 'differed'>,
  intents: Pick<Intents, 'about'>,
  runtime: Pick<Runtime, 'clock' | 'log' | 'telemetry'>,
): Shadow {
  const { clock, log, telemetry } = runtime
  const counter = new Counter({
    name: 'threshold_migration_shadow_reads_total',
    help: 'Pages read from both stores during a migration, by whether they agreed.',
    labelNames: ['outcome'],
    registers: [telemetry.registry],
  })
  let counts = { round: 0, same: 0, differing: 0, failed: 0 }
  let due = 0
  let underWay = 0
  let bytesUnderWay = 0
  let doubtful = 0

  const read = async (
    { channel, anchor, limit }: Page,
    store: MessageStore,
  ): Promise<readonly StoredMessage[]> =>
    await store.page(channel, anchor, limit, deadlineAfter(WITHIN_MS, clock))

  /**
   * Whether something is written down of what one page has and the other has not, or has otherwise.
   */
  async function written(
    one: readonly StoredMessage[],
    other: readonly StoredMessage[],
  ): Promise<boolean> {
    const [ours, theirs] = [one, other].map(
      (page) => new Map(page.map((message) => [message.id, message])),
    )
    const ids = [...new Set([...one, ...other].map(({ id }) => id))]
    const differ = (a: StoredMessage | undefined, b: StoredMessage | undefined): boolean =>
      !a || !b || !same(a, b)
    const odd = ids.filter((id) => differ(ours?.get(id), theirs?.get(id)))
    return (await intents.about(odd, deadlineAfter(WITHIN_MS, clock))).size > 0
  }

  async function agree(
    page: Page,
    primary: MessageStore,
    follower: MessageStore,
    doubted: () => void,
  ): Promise<boolean> {
    const began = clock.now()
    for (let tries = 1; ; tries++) {
      const [one, other] = await Promise.all([read(page, primary), read(page, follower)])
      if (one.length === other.length && one.every((message, i) => same(message, other[i]!)))
        return true
      const ms = clock.now() - began
      if (ms >= WRITTEN_FOR_MS || (ms >= AGAIN_FOR_MS && !(await written(one, other)))) return false
      // Not at once: of a lively channel some message is always on its way.
      if (tries === DOUBTED) doubted()
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref())
    }
  }

  function tell(outcome: 'same' | 'differing' | 'failed', round: number): void {
    counter.inc({ outcome })
    if (counts.round === round) counts = { ...counts, [outcome]: counts[outcome] + 1 }
  }

  async function count(
    page: Page,
    bytes: number,
    primary: MessageStore,
    follower: MessageStore,
    round: number,
  ): Promise<void> {
    let doubts = 0
    underWay += 1
    bytesUnderWay += bytes
    try {
      const agreed = await agree(page, primary, follower, () => {
        doubts = 1
        doubtful += 1
      })
      tell(agreed ? 'same' : 'differing', round)
      if (agreed) return
      // Where, and never what: people's words are not for a log.
      log.warn(
        { channel: page.channel, anchor: page.anchor },
        'a page differs between the two stores',
      )
      await state.differed(round)
    } catch {
      tell('failed', round)
    } finally {
      underWay -= 1
      bytesUnderWay -= bytes
      doubtful -= doubts
    }
  }

  return {
    compare(page, shown, primary, follower) {
      const { phase, shadow } = migration()
      if (phase !== 'dual-write' || shadow.share === 0) return
      if (counts.round !== shadow.round)
        counts = { round: shadow.round, same: 0, differing: 0, failed: 0 }
      due += shadow.share
      if (due < 1 || underWay >= AT_ONCE) return
      const bytes = shown.reduce((sum, message) => sum + bytesOfMessage(message), 0)
      if (underWay > 0 && bytesUnderWay + bytes > BYTES_AT_ONCE) return
      due -= 1
      void count(page, bytes, primary, follower, shadow.round)
    },
    counts: () => ({ ...counts, doubtful }),
  }
}

/**
 * Half a surrogate pair is a replacement character in either store, but not always the moment it is
 * read.
 */
export const same = (one: StoredMessage, other: StoredMessage): boolean =>
  isDeepStrictEqual(
    { ...one, content: one.content.toWellFormed() },
    { ...other, content: other.content.toWellFormed() },
  )

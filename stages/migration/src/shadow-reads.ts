import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ChannelId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { deadlineAfter, type Runtime } from '@threshold/kit'
import type { Anchor, MessageStore } from '@threshold/ports'
import { Counter } from 'prom-client'
import { bytesOfMessage } from './sizes.ts'
import type { Migration, MigrationState, ShadowReads, WriteIntents } from './state.ts'

interface PageRequest {
  readonly channel: ChannelId
  readonly anchor: Anchor
  readonly limit: number
}

/** Compares a share of readers' pages between the stores, before a cutover. */
export interface ShadowReader {
  /**
   * Takes up a page that a reader was shown, or leaves it. The reader does not wait. `shown` tells
   * the page's size beforehand.
   */
  compare(
    request: PageRequest,
    shown: readonly StoredMessage[],
    primary: MessageStore,
    replica: MessageStore,
  ): void
  counts(): ShadowReads
}

/** Pages under comparison. No more are taken up, since comparing must not become the load. */
const AT_ONCE = 4
/** Their bytes beyond the first page. A page of 100 large messages is 24 MB, and is read twice. */
const BYTES_AT_ONCE = 8 * 1_024 * 1_024
const READ_WITHIN_MS = 3_000
/**
 * A page that differs is read again this often, since a message on its way is in one store first.
 */
const AGAIN_MS = 500
const AGAIN_FOR_MS = 6_000
/** The try after which a page that still differs counts as doubtful. */
const DOUBTFUL_AFTER = 3
/**
 * A page is read again for this long while an intent is recorded for what differs. The intents of a
 * killed process are reconciled after fifteen seconds.
 */
const INTENT_FOR_MS = 25_000
/** Every comparison has ended after this long. */
const COMPARED_WITHIN_MS = INTENT_FOR_MS + 3 * READ_WITHIN_MS

export function createShadowReader(
  migration: () => Migration,
  state: Pick<MigrationState, 'recordDifference'>,
  intents: Pick<WriteIntents, 'pendingFor'>,
  { clock, log, telemetry }: Pick<Runtime, 'clock' | 'log' | 'telemetry'>,
): ShadowReader {
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

  const read = ({ channel, anchor, limit }: PageRequest, store: MessageStore) =>
    store.page(channel, anchor, limit, deadlineAfter(READ_WITHIN_MS, clock))

  async function agree(
    request: PageRequest,
    primary: MessageStore,
    replica: MessageStore,
    onDoubt: () => void,
  ): Promise<boolean> {
    const began = clock.now()
    for (let tries = 1; ; tries++) {
      const [one, other] = await Promise.all([read(request, primary), read(request, replica)])
      if (one.length === other.length && one.every((message, i) => sameMessage(message, other[i]!)))
        return true
      const ms = clock.now() - began
      if (ms >= INTENT_FOR_MS || (ms >= AGAIN_FOR_MS && !(await hasIntent(one, other))))
        return false
      // Not at the first try: in a lively channel some message is always on its way.
      if (tries === DOUBTFUL_AFTER) onDoubt()
      await delay(AGAIN_MS, undefined, { ref: false })
    }
  }

  /** Whether an intent is recorded for any message in which the two pages differ. */
  async function hasIntent(
    one: readonly StoredMessage[],
    other: readonly StoredMessage[],
  ): Promise<boolean> {
    const [inOne, inOther] = [byId(one), byId(other)]
    const differing = [...new Set([...inOne.keys(), ...inOther.keys()])].filter((id) => {
      const [a, b] = [inOne.get(id), inOther.get(id)]
      return !a || !b || !sameMessage(a, b)
    })
    return (await intents.pendingFor(differing, deadlineAfter(READ_WITHIN_MS, clock))).size > 0
  }

  function count(outcome: 'same' | 'differing' | 'failed', round: number): void {
    counter.inc({ outcome })
    if (counts.round === round) counts = { ...counts, [outcome]: counts[outcome] + 1 }
  }

  async function compareAndCount(
    request: PageRequest,
    bytes: number,
    primary: MessageStore,
    replica: MessageStore,
    round: number,
  ): Promise<void> {
    let doubts = 0
    underWay += 1
    bytesUnderWay += bytes
    try {
      const agreed = await agree(request, primary, replica, () => {
        doubts = 1
        doubtful += 1
      })
      count(agreed ? 'same' : 'differing', round)
      if (agreed) return
      // The log says where they differ, and never the text: people's words are not for a log.
      const { channel, anchor } = request
      log.warn({ channel, anchor }, 'a page differs between the two stores')
      await state.recordDifference(round)
    } catch {
      count('failed', round)
    } finally {
      underWay -= 1
      bytesUnderWay -= bytes
      doubtful -= doubts
    }
  }

  return {
    compare(request, shown, primary, replica) {
      const { phase, shadow } = migration()
      if (phase !== 'dual-write' || shadow.share === 0) return
      if (counts.round !== shadow.round)
        counts = { round: shadow.round, same: 0, differing: 0, failed: 0 }
      due += shadow.share
      if (due < 1 || underWay >= AT_ONCE) return
      const bytes = shown.reduce((sum, message) => sum + bytesOfMessage(message), 0)
      if (underWay > 0 && bytesUnderWay + bytes > BYTES_AT_ONCE) return
      due -= 1
      void compareAndCount(request, bytes, primary, replica, shadow.round)
    },
    counts: () => ({ ...counts, doubtful }),
  }
}

const byId = (messages: readonly StoredMessage[]): Map<string, StoredMessage> =>
  new Map(messages.map((message) => [message.id, message]))

/**
 * Half a surrogate pair becomes a replacement character in either store, but not at the same read.
 */
export const sameMessage = (one: StoredMessage, other: StoredMessage): boolean =>
  isDeepStrictEqual(
    { ...one, content: one.content.toWellFormed() },
    { ...other, content: other.content.toWellFormed() },
  )

/** Pages that a cutover waits for. A fault in many pages shows in so few. */
const ENOUGH = 20
/** A cutover waits no longer for pages: in a quiet chat there may be nothing to compare. */
const ENOUGH_WITHIN_MS = 5_000
/** A page that differed at the beginning is known to be doubtful by then, and reported. */
const AT_LEAST_MS = 2_500
const POLL_MS = 100

type ShadowCounts = Omit<ShadowReads, 'round'>

/** Pages that all processes compared in a round. */
export async function countShadowReads(
  state: Pick<MigrationState, 'participants' | 'countDifferences'>,
  round: number,
): Promise<ShadowCounts> {
  const reads = (await state.participants())
    .map(({ shadow }) => shadow)
    .filter((shadow) => shadow.round === round)
  const sum = (field: keyof ShadowReads): number =>
    reads.reduce((total, shadow) => total + shadow[field], 0)
  // Recorded as well, since the process that saw a difference may have ended.
  const differing = Math.max(await state.countDifferences(round), sum('differing'))
  return { same: sum('same'), differing, failed: sum('failed'), doubtful: sum('doubtful') }
}

/**
 * Waits for the pages compared since the last verification. Processes must first learn that they
 * should compare, and a page that differs is read again before it counts. So a cutover that follows
 * a verification closely waits until some pages have been compared and none is doubtful.
 */
export async function awaitShadowReads(
  state: Pick<MigrationState, 'participants' | 'countDifferences'>,
  { shadow }: Pick<Migration, 'shadow'>,
  onWait: () => void,
): Promise<Omit<ShadowCounts, 'doubtful'>> {
  const began = Date.now()
  const past = (ms: number): boolean => shadow.share === 0 || Date.now() - began >= ms
  for (let waits = 0; ; waits++) {
    const { same, differing, failed, doubtful } = await countShadowReads(state, shadow.round)
    const enough = (same >= ENOUGH && past(AT_LEAST_MS)) || past(ENOUGH_WITHIN_MS)
    const decided = doubtful === 0 || past(ENOUGH_WITHIN_MS + COMPARED_WITHIN_MS)
    if (differing > 0 || (enough && decided)) return { same, differing, failed }
    if (waits === 0) onWait()
    await delay(POLL_MS)
  }
}

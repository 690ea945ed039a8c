import { isDeepStrictEqual } from 'node:util'
import type { ChannelId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { deadlineIn, type Runtime } from '@threshold/kit'
import type { Anchor, MessageStore } from '@threshold/ports'
import { Counter } from 'prom-client'
import type { Migration, MigrationState, ShadowReads } from './phases.ts'

interface Page {
  readonly channel: ChannelId
  readonly anchor: Anchor
  readonly limit: number
}

export interface Shadow {
  /** Of a share of pages: reads the page from both stores, when nobody waits for it, and counts whether they agree. */
  compare(page: Page, primary: MessageStore, follower: MessageStore): void
  counts(): ShadowReads
}

/** Pages under comparison; beyond it none is taken up, since this must not become the load. */
const AT_ONCE = 4
const WITHIN_MS = 3_000
/**
 * A message on its way, or one that waits to be settled, is in one store and not yet in the other: a page that differs is read
 * again every so often, for so long.
 */
const AGAIN_MS = 500
const AGAIN_FOR_MS = 6_000
/** After so long every comparison has come to its end. */
export const COMPARED_WITHIN_MS = AGAIN_FOR_MS + 2 * WITHIN_MS

/** The last thing to look at before a cut-over: what readers would have been shown, compared under their own load. */
export function createShadow(
  migration: () => Migration,
  state: Pick<MigrationState, 'differed'>,
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
  let doubtful = 0

  const read = async ({ channel, anchor, limit }: Page, store: MessageStore): Promise<readonly StoredMessage[]> =>
    await store.page(channel, anchor, limit, deadlineIn(WITHIN_MS, clock))

  async function agree(page: Page, primary: MessageStore, follower: MessageStore, doubted: () => void): Promise<boolean> {
    const until = clock.now() + AGAIN_FOR_MS
    for (let first = true; ; first = false) {
      const [one, other] = await Promise.all([read(page, primary), read(page, follower)])
      if (one.length === other.length && one.every((message, i) => same(message, other[i]!))) return true
      if (clock.now() >= until) return false
      if (first) doubted()
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref())
    }
  }

  function tell(outcome: 'same' | 'differing' | 'failed', round: number): void {
    counter.inc({ outcome })
    if (counts.round === round) counts = { ...counts, [outcome]: counts[outcome] + 1 }
  }

  async function count(page: Page, primary: MessageStore, follower: MessageStore, round: number): Promise<void> {
    let doubts = 0
    underWay += 1
    try {
      const agreed = await agree(page, primary, follower, () => {
        doubts = 1
        doubtful += 1
      })
      tell(agreed ? 'same' : 'differing', round)
      if (agreed) return
      // Where, and never what: people's words are not for a log.
      log.warn({ channel: page.channel, anchor: page.anchor }, 'a page differs between the two stores')
      await state.differed(round)
    } catch {
      tell('failed', round)
    } finally {
      underWay -= 1
      doubtful -= doubts
    }
  }

  return {
    compare(page, primary, follower) {
      const { phase, shadow } = migration()
      if (phase !== 'dual-write' || shadow.share === 0) return
      if (counts.round !== shadow.round) counts = { round: shadow.round, same: 0, differing: 0, failed: 0 }
      due += shadow.share
      if (due < 1 || underWay >= AT_ONCE) return
      due -= 1
      void count(page, primary, follower, shadow.round)
    },
    counts: () => ({ ...counts, doubtful }),
  }
}

/** Half a surrogate pair is a replacement character in either store, but not always the moment it is read. */
export const same = (one: StoredMessage, other: StoredMessage): boolean =>
  isDeepStrictEqual({ ...one, content: one.content.toWellFormed() }, { ...other, content: other.content.toWellFormed() })

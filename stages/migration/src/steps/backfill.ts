import type { Checkpoints, Range } from '../checkpoints.ts'
import type { DualStoreContext } from '../context.ts'
import { isBackfilled, requireStep } from '../guards.ts'
import { runRanges, whole } from '../ranges.ts'
import { type MessageRow, messageKey } from '../replica.ts'
import { putReactions, reactionPages, retry } from '../retry.ts'
import { inBatches, slices } from '../sizes.ts'
import type { Migration } from '../state.ts'
import { allAcknowledged } from '../write-fence.ts'

/**
 * Read at once in each range. Channels lie mixed in it, and the more rows are read, the more of
 * them share a partition. The bytes keep all ranges together below a hundred megabytes.
 */
const READ = { rows: 2_500, bytes: 8 * 1_024 * 1_024 } as const
/** Written by one deadline, by a node that has much else to do. */
const WRITTEN = { rows: 500, bytes: 4 * 1_024 * 1_024 } as const

/**
 * Copies what was there before dual writes, oldest first, each row with its own write time. So it
 * undoes nothing: a replicated edit is newer, and a replicated delete is later than every write.
 */
export async function backfill(context: DualStoreContext): Promise<void> {
  const { options, reporter, source } = context
  const { migration, checkpoints } = await requireStep(context, 'backfill')
  if (isBackfilled(migration, checkpoints)) return reporter.result('backfill: done already')
  // A process that still wrote to the source alone, into a range that is copied already, would be
  // missed. So all must write to both first.
  await allAcknowledged(context, migration)
  const { about, ranges: bounds } = await retry((by) => source.ranges(by))
  const ranges = await checkpoints.resume('backfill', migration.generation, async () => bounds)

  await copyNonces(context, migration, checkpoints)

  // One second's worth at most, so that a low rate is low from one second to the next.
  const limit = { ...READ, rows: Math.min(READ.rows, options.rate ?? READ.rows) }
  async function batch(range: Range): Promise<number> {
    const { rows, cursor, done } = await retry((by) => source.scan(range, limit, by))
    await copy(context, rows)
    range.cursor = cursor
    range.counts.source += rows.length
    range.done = done
    return rows.length
  }
  function save(range: Range): void {
    reporter.failpoint?.('before a checkpoint')
    checkpoints.save('backfill', range)
    reporter.failpoint?.('after a checkpoint')
  }
  const began = Date.now()
  const { concurrency, rate } = options
  const work = { step: 'backfill', about, concurrency, rate, batch, save }
  const rows = await runRanges(ranges, work, reporter)
  reporter.failpoint?.('before the backfill is done')
  checkpoints.finish('backfill', true)
  reporter.failpoint?.('after the backfill is done')
  const seconds = (Date.now() - began) / 1_000
  reporter.result(
    `backfill: ${whole(rows)} rows in ${seconds.toFixed(1)} s, ${ranges.length} ranges`,
  )
}

/**
 * Each is a lightweight transaction: a thousand may outlast a deadline, and start over for ever.
 */
const NONCES_AT_ONCE = 200
/** A writer's clock may be this far ahead of the migrator's. */
const CLOCK_SKEW_MS = 10_000

/**
 * A nonce lives for five minutes. One used just before dual writes must count after the cutover.
 */
async function copyNonces(
  { source, target }: DualStoreContext,
  { generation, since }: Migration,
  checkpoints: Checkpoints,
): Promise<void> {
  if (checkpoints.outcome('nonces')?.key === generation) return
  await checkpoints.resume('nonces', generation, async () => [])
  const before = new Date(since.getTime() + CLOCK_SKEW_MS)
  const nonces = await retry((by) => source.nonces(before, by))
  for (const some of slices(nonces, NONCES_AT_ONCE)) await retry((by) => target.putNonces(some, by))
  checkpoints.finish('nonces', true)
}

async function copy(
  { source, target }: DualStoreContext,
  rows: readonly MessageRow[],
): Promise<void> {
  // Only edited rows get nulls for what an edit emptied: most rows never were edited, and a null is
  // a tombstone.
  const [edited, plain] = [rows.filter(wasEdited), rows.filter((row) => !wasEdited(row))]
  for (const some of byChannel(plain)) await retry((by) => target.put(some, by, { edited: false }))
  for (const some of byChannel(edited)) await retry((by) => target.put(some, by, { edited: true }))
  const reacted = rows.filter((row) => row.reacted).map(({ message }) => messageKey(message))
  for await (const page of reactionPages(source, reacted)) await putReactions(target, page)
}

/** Rows of one channel come together, and with them the rows of one partition. */
function byChannel(rows: readonly MessageRow[]): MessageRow[][] {
  const sorted = [...Map.groupBy(rows, ({ message }) => message.channelId).values()].flat()
  return inBatches(sorted, WRITTEN)
}

const wasEdited = ({ message }: MessageRow): boolean => message.editedAt !== undefined

import { CodedError } from '@threshold/kit'
import type { Counts, Range } from '../checkpoints.ts'
import type { DualStoreContext } from '../context.ts'
import { compare, repair } from '../divergence.ts'
import { requireStep } from '../guards.ts'
import { runRanges, whole } from '../ranges.ts'
import { type MessageKey, messageKey } from '../replica.ts'
import { retry } from '../retry.ts'
import { slices } from '../sizes.ts'
import type { Migration } from '../state.ts'
import { allAcknowledged } from '../write-fence.ts'

/** The limits of one batch. Both stores' copies of its source rows are in memory at once. */
const BATCH = { rows: 500, bytes: 4 * 1_024 * 1_024 } as const
/** Keys without a row in the source, compared at once. The size of their rows is not known. */
const TARGET_ONLY_AT_ONCE = 16

/**
 * Compares the stores in both directions: the source's rows with the target, and the target's keys
 * with the source. It repairs each difference. A verification that found one is not clean, and only
 * a clean one allows the cutover.
 */
export async function verify(context: DualStoreContext): Promise<void> {
  const { options, reporter, source, target, names } = context
  const { migration, checkpoints } = await requireStep(context, 'verify')
  await allAcknowledged(context, migration)
  const { about, ranges: sourceRanges } = await retry((by) => source.ranges(by))
  const ranges = await checkpoints.resume('verify', migration.enteredEpoch, async () => [
    ...sourceRanges,
    ...target.ranges(about),
  ])
  const { concurrency, rate } = options
  const batch = (range: Range): Promise<number> =>
    range.side === 'source'
      ? compareSource(context, migration, range)
      : compareTarget(context, migration, range)
  const save = (range: Range): void => checkpoints.save('verify', range)
  const work = { step: 'verify', about: about * 2, concurrency, rate, batch, save }
  await runRanges(ranges, work, reporter)

  const total = sum(ranges)
  const found = total.onlySource + total.onlyTarget + total.differing
  for (const line of divergenceByRange(ranges, names)) reporter.result(line)
  reporter.failpoint?.('before the verification is done')
  // From here on the stage compares a share of the pages that clients read. The cutover checks the
  // result, so the comparison begins before the verification counts as clean.
  if (found === 0) await beginShadowReads(context, migration)
  checkpoints.finish('verify', found === 0)
  reporter.failpoint?.('after the verification is done')
  const counted =
    `verify: ${whole(total.source)} rows on ${names.source}, ` +
    `${whole(total.target)} on ${names.target}`
  if (found > 0) {
    return reporter.result(
      `${counted}; ${whole(found)} differed, ${whole(total.repaired)} repaired; to be verified ` +
        `again until none differs`,
    )
  }
  reporter.result(`${counted}; no difference`)
}

async function beginShadowReads(context: DualStoreContext, verified: Migration): Promise<void> {
  for (;;) {
    const migration = await currentMigration(context, verified)
    const shadow = { share: context.options.shadow, round: migration.shadow.round + 1 }
    if (await context.updateState(migration, 'comparing reads', { shadow })) return
  }
}

/** @throws CodedError `MOVED_MEANWHILE` if the move has left the phase that is being verified */
async function currentMigration(
  context: DualStoreContext,
  { runId, enteredEpoch }: Migration,
): Promise<Migration> {
  const now = await context.migration()
  if (now.runId !== runId || now.enteredEpoch !== enteredEpoch)
    throw new CodedError('MOVED_MEANWHILE', 'another migrator has changed the phase meanwhile')
  return now
}

async function compareSource(
  context: DualStoreContext,
  migration: Migration,
  range: Range,
): Promise<number> {
  const { rows, cursor, done } = await retry((by) => context.source.scan(range, BATCH, by))
  const keys = rows.map(({ message }) => messageKey(message))
  await compareAndRepair(context, migration, range, keys)
  range.counts.source += rows.length
  range.cursor = cursor
  range.done = done
  return rows.length
}

/**
 * The source's ranges cover every row that the source has. Only rows that it lacks remain to be
 * found here, so the target's keys suffice.
 */
async function compareTarget(
  context: DualStoreContext,
  migration: Migration,
  range: Range,
): Promise<number> {
  const { source, target } = context
  const { keys, ghosts, cursor, done } = await retry((by) => target.scanKeys(range, BATCH.rows, by))
  const existing = await retry((by) => source.existing([...keys, ...ghosts], by))
  const ids = new Set(existing.map(({ id }) => id))
  const isMissing = ({ id }: MessageKey): boolean => !ids.has(id)
  const strayGhosts = ghosts.filter(isMissing)
  if (strayGhosts.length > 0) await compareAndRepair(context, migration, range, [], strayGhosts)
  for (const some of slices(keys.filter(isMissing), TARGET_ONLY_AT_ONCE))
    await compareAndRepair(context, migration, range, some)
  range.counts.target += keys.length + ghosts.length - strayGhosts.length
  range.cursor = cursor
  range.done = done
  return keys.length + ghosts.length
}

/**
 * Counts the differences and saves the count before it repairs them. If the migrator is killed
 * during a repair, the resumed verification is therefore still not clean. `ghosts` are rows of the
 * target without a message that the source lacks too.
 */
async function compareAndRepair(
  context: DualStoreContext,
  migration: Migration,
  range: Range,
  keys: readonly MessageKey[],
  ghosts: readonly MessageKey[] = [],
): Promise<void> {
  const { source, target, intents, reporter } = context
  const divergences = await compare({ source, target, intents }, keys)
  if (divergences.length + ghosts.length === 0) return
  const onlySource = divergences.filter((one) => one.source && !one.target).length
  const onlyTarget = divergences.filter((one) => one.target && !one.source).length
  range.counts.onlySource += onlySource
  range.counts.onlyTarget += onlyTarget + ghosts.length
  range.counts.differing += divergences.length - onlySource - onlyTarget
  context.checkpoints(migration.runId).save('verify', range)
  // A repair may delete rows, which is correct only in this phase: here the source is the primary.
  await currentMigration(context, migration)
  reporter.failpoint?.('before a repair')
  for (const divergence of divergences) await repair({ source, target }, divergence)
  await retry((by) => target.delete(ghosts, by))
  reporter.failpoint?.('after a repair')
  range.counts.repaired += divergences.length + ghosts.length
}

function sum(ranges: readonly Range[]): Counts {
  const total: Counts = {
    source: 0,
    target: 0,
    onlySource: 0,
    onlyTarget: 0,
    differing: 0,
    repaired: 0,
  }
  for (const { counts } of ranges)
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += counts[name]
  return total
}

export function divergenceByRange(
  ranges: readonly Range[],
  { source, target }: { readonly source: string; readonly target: string },
): string[] {
  return ranges.flatMap(({ no, side, from, to, counts }) => {
    const { onlySource, onlyTarget, differing } = counts
    if (onlySource + onlyTarget + differing === 0) return []
    const found =
      `${onlySource} only on ${source}, ${onlyTarget} only on ${target}, ` +
      `${differing} different`
    return [`range ${no} (${side === 'source' ? 'ids' : 'tokens'} ${from} to ${to}): ${found}`]
  })
}

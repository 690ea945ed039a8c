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

/** Rows compared at once: both stores' copies of them are in memory. */
const COMPARED = { rows: 500, bytes: 4 * 1_024 * 1_024 } as const
/** Rows that only the target has, compared at once. Their size is unknown before they are read. */
const UNKNOWN_AT_ONCE = 16

/**
 * Compares both stores both ways: the source's rows with the target, and the target's keys with the
 * source. It repairs what differs, and then is not clean: the next verification must find nothing.
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
  // Pages are compared under the real load from here on, for the cutover to look at.
  await beginShadowReads(context)
  reporter.result(`${counted}; no difference`)
}

async function beginShadowReads(context: DualStoreContext): Promise<void> {
  for (;;) {
    const migration = await context.migration()
    const shadow = { share: context.options.shadow, round: migration.shadow.round + 1 }
    if (await context.updateState(migration, 'comparing reads', { shadow })) return
  }
}

async function compareSource(
  context: DualStoreContext,
  migration: Migration,
  range: Range,
): Promise<number> {
  const { rows, cursor, done } = await retry((by) => context.source.scan(range, COMPARED, by))
  const keys = rows.map(({ message }) => messageKey(message))
  await compareAndRepair(context, migration, range, keys)
  range.counts.source += rows.length
  range.cursor = cursor
  range.done = done
  return rows.length
}

/** The other way round, only rows that the source does not have are news, so keys suffice. */
async function compareTarget(
  context: DualStoreContext,
  migration: Migration,
  range: Range,
): Promise<number> {
  const { source, target } = context
  const { keys, ghosts, cursor, done } = await retry((by) =>
    target.scanKeys(range, COMPARED.rows, by),
  )
  const existing = await retry((by) => source.existing([...keys, ...ghosts], by))
  const ids = new Set(existing.map(({ id }) => id))
  const isMissing = ({ id }: MessageKey): boolean => !ids.has(id)
  const strayGhosts = ghosts.filter(isMissing)
  if (strayGhosts.length > 0) await compareAndRepair(context, migration, range, [], strayGhosts)
  for (const some of slices(keys.filter(isMissing), UNKNOWN_AT_ONCE))
    await compareAndRepair(context, migration, range, some)
  range.counts.target += keys.length + ghosts.length - strayGhosts.length
  range.cursor = cursor
  range.done = done
  return keys.length + ghosts.length
}

/**
 * Counts what differs, and keeps the count, before it repairs any of it. So a repair cannot make a
 * verification clean, even when a kill cuts it off. `ghosts` are rows of the target that hold no
 * message and that the source does not have.
 */
async function compareAndRepair(
  context: DualStoreContext,
  { epoch, runId }: Migration,
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
  context.checkpoints(runId).save('verify', range)
  // A repair may delete, on grounds that hold in this phase alone.
  const now = await context.migration()
  if (now.phase !== 'dual-write' || now.runId !== runId)
    throw new CodedError('MOVED_MEANWHILE', `the move left epoch ${epoch}`)
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

import { CodedError } from '@threshold/kit'
import type { types } from 'cassandra-driver'
import { CONSISTENCY } from '../../cassandra/consistency.ts'
import { storeError } from '../../cassandra/database.ts'
import { text } from '../../cassandra/rows.ts'
import { keyOf, type MessageKey } from '../movable.ts'
import type { Migration } from '../phases.ts'
import { slices } from '../sizes.ts'
import type { Counts, Range } from './checkpoints.ts'
import { compare, repair } from './compare.ts'
import { acknowledged } from './followers.ts'
import { insist } from './insist.ts'
import { type Move, needs, outOfOrder } from './move.ts'
import { idRanges, runRanges, tokenRanges, whole } from './ranges.ts'

/** Rows compared at once: what both stores have of them is in memory. */
const COMPARED = { rows: 500, bytes: 4 * 1_024 * 1_024 } as const
/** Rows that only Cassandra has. How large they are is not known before they are read. */
const UNKNOWN_TOGETHER = 16

/**
 * Compares both stores, both ways: all that MongoDB has with Cassandra, by ranges of ids, and all
 * that Cassandra has with MongoDB, by ranges of tokens. What differs is repaired, and then the
 * verification is not clean: the next one must find nothing.
 */
export async function verify(move: Move): Promise<boolean> {
  const { config, teller, source } = move
  const migration = await move.migration()
  needs('verify', migration, 'dual-write')
  const checkpoints = move.checkpoints(migration.run)
  if (checkpoints.outcome('backfill')?.key !== migration.generation)
    throw outOfOrder('verify', migration, 'backfill')
  await acknowledged(move, migration)
  const span = await insist(source.span)
  const about = span?.about ?? 0
  const ranges = await checkpoints.resume('verify', migration.entered, async () => [
    ...(span ? idRanges(span) : []),
    ...tokenRanges(about),
  ])
  const work = {
    step: 'verify',
    about: about * 2,
    concurrency: config.concurrency,
    rate: config.rate,
  }
  const batch = (range: Range) =>
    range.side === 'source'
      ? fromSource(move, migration, range)
      : fromTarget(move, migration, range)
  const save = (range: Range): void => checkpoints.save('verify', range)
  await runRanges(ranges, { ...work, batch, save }, teller)

  const total = sum(ranges)
  const found = total.onlySource + total.onlyTarget + total.differing
  for (const line of divergenceByRange(ranges)) teller.say(line)
  teller.moment?.('before the verification is done')
  checkpoints.finish('verify', found === 0)
  teller.moment?.('after the verification is done')
  const counted = `verify: ${whole(total.source)} rows on MongoDB, ${whole(total.target)} on Cassandra`
  if (found > 0) {
    teller.say(
      `${counted}; ${whole(found)} differed, ${whole(total.repaired)} repaired; to be verified again until none differs`,
    )
    return false
  }
  // Pages are compared from here on, under the load that there is: the figure that cutover looks
  // at.
  await compareReads(move)
  teller.say(`${counted}; no difference`)
  return true
}

async function compareReads(move: Move): Promise<void> {
  for (;;) {
    const migration = await move.migration()
    const shadow = { share: move.config.shadow, round: migration.shadow.round + 1 }
    if (await move.change(migration, 'comparing reads', { shadow })) return
  }
}

async function fromSource(move: Move, migration: Migration, range: Range): Promise<number> {
  const after = BigInt(range.cursor ?? range.from)
  const { rows, more } = await insist((by) =>
    move.source.scan(after, BigInt(range.to), COMPARED, by),
  )
  const keys = rows.map(({ message }) => keyOf(message))
  await check(move, migration, range, keys)
  range.counts.source += rows.length
  range.cursor = keys.at(-1)?.id ?? range.cursor
  range.done = !more
  return rows.length
}

/**
 * The other way round only what MongoDB does not have is news, and for that the keys suffice. The
 * cursor is Cassandra's own, good for another process too.
 */
async function fromTarget(move: Move, migration: Migration, range: Range): Promise<number> {
  const { keyspace } = move.config.cassandra
  const token = 'token(channel_id, bucket)'
  const cql = `SELECT channel_id, message_id, author_id FROM ${keyspace}.messages WHERE ${token} > ? AND ${token} <= ?`
  const page = await insist(async () => {
    const pageState = range.cursor === null ? {} : { pageState: range.cursor }
    const options = { ...CONSISTENCY.quorum, prepare: true, fetchSize: COMPARED.rows, ...pageState }
    try {
      return await move.cassandra.client.execute(
        cql,
        [BigInt(range.from), BigInt(range.to)],
        options,
      )
    } catch (error) {
      throw storeError('migration.verify', error)
    }
  })
  const keys = page.rows.map(
    (row: types.Row): MessageKey => ({ channelId: text(row.channel_id), id: text(row.message_id) }),
  )
  const there = new Set((await insist((by) => move.source.existing(keys, by))).map(({ id }) => id))
  const missed = keys
    .map((key, i) => ({ key, ghost: page.rows[i]!.author_id == null }))
    .filter(({ key }) => !there.has(key.id))
  const ghosts = missed.flatMap(({ key, ghost }) => (ghost ? [key] : []))
  const only = missed.flatMap(({ key, ghost }) => (ghost ? [] : [key]))
  if (ghosts.length > 0) await check(move, migration, range, [], ghosts)
  for (const some of slices(only, UNKNOWN_TOGETHER)) await check(move, migration, range, some)
  range.counts.target += keys.length - ghosts.length
  range.cursor = page.pageState
  range.done = page.pageState === null || page.pageState === undefined
  return keys.length
}

/**
 * Compares and repairs. What was found is counted, and the count kept, before any of it is
 * repaired: so a repair cannot make a verification clean, not even one that a kill cuts off. Ghosts
 * are rows of Cassandra that are no message, and of which MongoDB has none: the mark of a reaction
 * to what was deleted since.
 */
async function check(
  move: Move,
  { epoch, run }: Migration,
  range: Range,
  keys: readonly MessageKey[],
  ghosts: readonly MessageKey[] = [],
): Promise<void> {
  const divergences = await compare(move, keys)
  if (divergences.length + ghosts.length === 0) return
  const onlySource = divergences.filter((one) => one.source && !one.target).length
  const onlyTarget = divergences.filter((one) => one.target && !one.source).length
  range.counts.onlySource += onlySource
  range.counts.onlyTarget += onlyTarget + ghosts.length
  range.counts.differing += divergences.length - onlySource - onlyTarget
  move.checkpoints(run).save('verify', range)
  // A repair may delete, and what it goes by is only so in this phase.
  const now = await move.migration()
  if (now.phase !== 'dual-write' || now.run !== run)
    throw new CodedError('MOVED_MEANWHILE', `the move left epoch ${epoch}`)
  move.teller.moment?.('before a repair')
  for (const divergence of divergences) await repair(move, divergence)
  await insist((by) => move.target.erase(ghosts, by))
  move.teller.moment?.('after a repair')
  range.counts.repaired += divergences.length + ghosts.length
}

function add(counts: Counts, more: Counts): void {
  for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += more[name]
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
  for (const { counts } of ranges) add(total, counts)
  return total
}

export function divergenceByRange(ranges: readonly Range[]): string[] {
  return ranges.flatMap(({ no, side, from, to, counts }) => {
    const { onlySource, onlyTarget, differing } = counts
    if (onlySource + onlyTarget + differing === 0) return []
    const what = `${onlySource} only on MongoDB, ${onlyTarget} only on Cassandra, ${differing} different`
    return [`range ${no} (${side === 'source' ? 'ids' : 'tokens'} ${from} to ${to}): ${what}`]
  })
}

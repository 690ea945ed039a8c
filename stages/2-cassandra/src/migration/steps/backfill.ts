import { keyOf, type Row } from '../movable.ts'
import type { Migration } from '../phases.ts'
import { cutRows, slices } from '../sizes.ts'
import type { Checkpoints, Range } from './checkpoints.ts'
import { acknowledged } from './followers.ts'
import { insist, putReactions, reactionPages } from './insist.ts'
import { type Move, needs } from './move.ts'
import { idRanges, runRanges, whole } from './ranges.ts'

/**
 * Read at once: about a range. Channels lie mixed in it, and the more of it there is, the more rows
 * lie in one partition. Of messages of 240 kB it is thirty, so that what all ranges hold at once
 * stays below a hundred megabytes.
 */
const READ = { rows: 2_500, bytes: 8 * 1_024 * 1_024 } as const
/** Written by one deadline: what a node keeps that has much else to do. */
const WRITTEN_TOGETHER = { rows: 500, bytes: 4 * 1_024 * 1_024 } as const

/**
 * Copies what was there before both stores were written to, oldest first, each row with the write
 * time it has. So it cannot undo anything: an edit that was mirrored meanwhile is newer, and a
 * delete is later than everything.
 */
export async function backfill(move: Move): Promise<void> {
  const { config, teller, source } = move
  const migration = await move.migration()
  needs('backfill', migration, 'dual-write')
  const checkpoints = move.checkpoints(migration.run)
  if (checkpoints.outcome('backfill')?.key === migration.generation) {
    teller.say('backfill: done already')
    return
  }
  // Not before everybody writes to both: what is written to MongoDB alone behind the backfill's
  // back would be missed.
  await acknowledged(move, migration)
  const span = await insist(source.span)
  const ranges = await checkpoints.resume('backfill', migration.generation, async () =>
    span ? idRanges(span) : [],
  )

  await copyNonces(move, migration, checkpoints)

  // At most a second's worth, so that a low rate is a low rate from one second to the next.
  const most = { ...READ, rows: Math.min(READ.rows, config.rate ?? READ.rows) }
  async function batch(range: Range): Promise<number> {
    const after = BigInt(range.cursor ?? range.from)
    const { rows, more } = await insist((by) => source.scan(after, BigInt(range.to), most, by))
    await copy(move, rows)
    const last = rows.at(-1)
    if (last) range.cursor = last.message.id
    range.counts.source += rows.length
    range.done = !more
    return rows.length
  }
  const began = Date.now()
  const work = {
    step: 'backfill',
    about: span?.about ?? 0,
    concurrency: config.concurrency,
    rate: config.rate,
  }
  const rows = await runRanges(
    ranges,
    { ...work, batch, save: (range) => saveAt(move, range) },
    teller,
  )
  teller.moment?.('before the backfill is done')
  checkpoints.finish('backfill', true)
  teller.moment?.('after the backfill is done')
  const seconds = (Date.now() - began) / 1_000
  teller.say(`backfill: ${whole(rows)} rows in ${seconds.toFixed(1)} s, ${ranges.length} ranges`)

  function saveAt({ teller: told }: Move, range: Range): void {
    told.moment?.('before a checkpoint')
    checkpoints.save('backfill', range)
    told.moment?.('after a checkpoint')
  }
}

/**
 * Each is a lightweight transaction: a thousand may outlast a deadline, and would be begun again
 * for ever.
 */
const NONCES_TOGETHER = 200
/** What a writer's clock may be ahead of the migrator's. */
const CLOCKS_MS = 10_000

/**
 * A nonce lives for five minutes: one used just before both stores were written to must be known
 * after the cut-over.
 */
async function copyNonces(
  { source, target }: Move,
  { generation, since }: Migration,
  checkpoints: Checkpoints,
): Promise<void> {
  if (checkpoints.outcome('nonces')?.key === generation) return
  await checkpoints.resume('nonces', generation, async () => [])
  const nonces = await insist((by) => source.nonces(new Date(since.getTime() + CLOCKS_MS), by))
  for (const some of slices(nonces, NONCES_TOGETHER))
    await insist((by) => target.putNonces(some, by))
  checkpoints.finish('nonces', true)
}

async function copy({ source, target }: Move, rows: readonly Row[]): Promise<void> {
  // Each at its own time. What an edit emptied is a null for edited rows alone: most rows never
  // were, and a null is a tombstone.
  const [edited, plain] = [rows.filter(wasEdited), rows.filter((row) => !wasEdited(row))]
  for (const some of byPlace(plain)) await insist((by) => target.put(some, by, { edited: false }))
  for (const some of byPlace(edited)) await insist((by) => target.put(some, by, { edited: true }))
  const reacted = rows.filter((row) => row.reacted).map(({ message }) => keyOf(message))
  for await (const page of reactionPages(source, reacted)) await putReactions(target, page)
}

/** What lies in one channel comes together, and with it what lies in one partition. */
function byPlace(rows: readonly Row[]): Row[][] {
  const sorted = [...Map.groupBy(rows, ({ message }) => message.channelId).values()].flat()
  return cutRows(sorted, WRITTEN_TOGETHER)
}

const wasEdited = ({ message }: Row): boolean => message.editedAt !== undefined

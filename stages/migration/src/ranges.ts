import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Range } from './checkpoints.ts'
import type { Reporter } from './context.ts'

/** Ids or tokens, as text: they need 64 bits. `from` is not included, `to` is. */
export interface RangeBounds {
  readonly side: 'source' | 'target'
  readonly from: string
  readonly to: string
}

/** A kill costs less than a batch. A range is the unit that is reported and compared. */
const ROWS_PER_RANGE = 2_000
const FEWEST = 8
const MOST = 4_096

export const rangeCount = (about: number): number =>
  Math.min(MOST, Math.max(FEWEST, Math.ceil(about / ROWS_PER_RANGE)))

/** Parts of equal width above `from`. The last one reaches to `last`. */
export function equalRanges(
  side: RangeBounds['side'],
  parts: number,
  { from, width, last }: { from: bigint; width: bigint; last: bigint },
): RangeBounds[] {
  return Array.from({ length: parts }, (_, i) => {
    const lower = from + width * BigInt(i)
    return { side, from: String(lower), to: String(i === parts - 1 ? last : lower + width) }
  })
}

const LARGEST_ID = (1n << 63n) - 1n

/**
 * Ids are times: equal spans of time. The last is open, for ids made by a clock that runs ahead.
 */
export function idRanges(oldest: bigint, newest: bigint, about: number): RangeBounds[] {
  const parts = rangeCount(about)
  const width = (newest - oldest) / BigInt(parts) + 1n
  return equalRanges('source', parts, { from: oldest - 1n, width, last: LARGEST_ID })
}

interface Work {
  readonly step: string
  /** An estimate of the rows in all ranges. */
  readonly about: number
  readonly concurrency: number
  /** Rows a second at most. */
  readonly rate: number | undefined
  /** Does one batch from the cursor on and moves the cursor. Returns the rows that it read. */
  batch(range: Range): Promise<number>
  /** Called after each batch. */
  save(range: Range): void
}

const PROGRESS_MS = 1_000

/** Works through all ranges that are not done, some side by side. Returns the rows read. */
export async function runRanges(
  ranges: readonly Range[],
  work: Work,
  reporter: Reporter,
): Promise<number> {
  const limit = pLimit(work.concurrency)
  const began = Date.now()
  const before = ranges.reduce((sum, { counts }) => sum + counts.source + counts.target, 0)
  let rows = 0
  let reportedAt = began
  function report(): void {
    if (Date.now() - reportedAt < PROGRESS_MS) return
    reportedAt = Date.now()
    const perSecond = rows / ((reportedAt - began) / 1_000)
    const left = Math.max(0, work.about - before - rows) / Math.max(1, perSecond)
    const done = ranges.filter((range) => range.done).length
    const about = Math.max(work.about, before + rows)
    reporter.progress(
      `${work.step}: ${whole(before + rows)} of about ${whole(about)} rows, ${done} of ` +
        `${ranges.length} ranges, ${whole(perSecond)} rows/s, ${whole(left)} s left`,
    )
  }
  async function runRange(range: Range): Promise<void> {
    while (!range.done) {
      const read = await work.batch(range) // `rows += await` would lose what others add meanwhile
      rows += read
      work.save(range)
      report()
      const early = work.rate === undefined ? 0 : (rows / work.rate) * 1_000 - (Date.now() - began)
      if (early > 0) await delay(early)
    }
  }
  await Promise.all(ranges.filter((range) => !range.done).map((range) => limit(runRange, range)))
  return rows
}

export const whole = (n: number): string => Math.round(n).toLocaleString('en')

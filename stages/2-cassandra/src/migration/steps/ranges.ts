import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Range } from './checkpoints.ts'
import type { Teller } from './move.ts'

type Bounds = Pick<Range, 'side' | 'from' | 'to'>

const LARGEST_ID = (1n << 63n) - 1n
const TOKEN = { least: -(1n << 63n), most: (1n << 63n) - 1n } as const
/**
 * Rows of a range, about: what is done again after a kill is less than a batch, but a range is what
 * can be told and compared.
 */
const ROWS_EACH = 2_000
const FEWEST = 8
const MOST = 4_096

const clamp = (n: number): number => Math.min(MOST, Math.max(FEWEST, n))

/**
 * Ids are times: equal spans of them. The last is open, for what a clock that runs ahead may have
 * made.
 */
export function idRanges({
  oldest,
  newest,
  about,
}: {
  oldest: bigint
  newest: bigint
  about: number
}): Bounds[] {
  const parts = clamp(Math.ceil(about / ROWS_EACH))
  const width = (newest - oldest) / BigInt(parts) + 1n
  return Array.from({ length: parts }, (_, i) => {
    const from = oldest - 1n + width * BigInt(i)
    const to = i === parts - 1 ? LARGEST_ID : from + width
    return { side: 'source', from: String(from), to: String(to) }
  })
}

/** The ring of Cassandra's tokens, in equal parts: each is read from the nodes that hold it. */
export function tokenRanges(about: number): Bounds[] {
  const parts = clamp(Math.ceil(about / ROWS_EACH))
  const width = (TOKEN.most - TOKEN.least) / BigInt(parts)
  return Array.from({ length: parts }, (_, i) => {
    const from = TOKEN.least + width * BigInt(i)
    const to = i === parts - 1 ? TOKEN.most : from + width
    return { side: 'target', from: String(from), to: String(to) }
  })
}

interface Work {
  readonly step: string
  readonly about: number
  readonly concurrency: number
  readonly rate: number | undefined
  /** One batch from the cursor on; moves the cursor, and says how many rows it had. */
  batch(range: Range): Promise<number>
  /** After each batch and at the end of each range. */
  save(range: Range): void
}

const TELL_MS = 1_000

/** All ranges that are not done, some at once, no faster than told. */
export async function runRanges(
  ranges: readonly Range[],
  work: Work,
  teller: Teller,
): Promise<number> {
  const limit = pLimit(work.concurrency)
  const began = Date.now()
  const before = ranges.reduce((sum, { counts }) => sum + counts.source + counts.target, 0)
  let rows = 0
  let toldAt = began
  function tell(): void {
    if (Date.now() - toldAt < TELL_MS) return
    toldAt = Date.now()
    const perSecond = rows / ((toldAt - began) / 1_000)
    const left = Math.max(0, work.about - before - rows) / Math.max(1, perSecond)
    const done = ranges.filter((range) => range.done).length
    const share = `${whole(before + rows)} of about ${whole(Math.max(work.about, before + rows))} rows`
    teller.progress(
      `${work.step}: ${share}, ${done} of ${ranges.length} ranges, ${whole(perSecond)} rows/s, ${whole(left)} s left`,
    )
  }
  async function one(range: Range): Promise<void> {
    while (!range.done) {
      const read = await work.batch(range)
      rows += read
      work.save(range)
      tell()
      const early = work.rate === undefined ? 0 : (rows / work.rate) * 1_000 - (Date.now() - began)
      if (early > 0) await delay(early)
    }
  }
  await Promise.all(ranges.filter((range) => !range.done).map((range) => limit(one, range)))
  return rows
}

export const whole = (n: number): string => Math.round(n).toLocaleString('en')

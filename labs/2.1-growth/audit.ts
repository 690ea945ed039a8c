import type { Figure } from '@threshold/lab-kit'

interface Pattern {
  readonly sends: Figure
  readonly pages: Figure
  readonly misses: Figure
  readonly sstables: Figure
  readonly readP99: Figure
}

const format = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : 'an unknown number of'

/**
 * Summarises the access pattern: the share of reads and writes, cache misses per operation, and the
 * time of a page as data grows. A team can read the same figures from its own metrics before it
 * migrates.
 */
export function audit({
  mongo,
  mongoTenfold,
  cassandra,
  cassandraTenfold,
}: Readonly<Record<Arm, Pattern>>): string[] {
  const share =
    (100 * mongoTenfold.pages.value) / (mongoTenfold.pages.value + mongoTenfold.sends.value)
  const growth = mongoTenfold.misses.value - mongo.misses.value
  const conclusion =
    growth >= 1_000
      ? 'every operation now needs a disk read, so the threshold is passed'
      : 'most operations are still served from memory'
  const slope = (cassandraTenfold.misses.value - cassandra.misses.value) / growth
  const times = Number.isFinite(slope) ? slope.toFixed(1) : 'an unknown number of'
  return [
    `Access pattern of stage 1: ${Math.round(share)}% reads, ${Math.round(100 - share)}% writes. Reads begin anywhere in the history, so the working set is as large as the data.`,
    `Per 1,000 operations its engine read ${format(mongo.misses.value)} pages from disk, and ${format(mongoTenfold.misses.value)} at ten times the data: ${conclusion}.`,
    `A page of history took ${format(mongo.readP99.value)} ms at p99, then ${format(mongoTenfold.readP99.value)} ms. Watch the cache misses: they rise before the times do.`,
    `Cassandra's cache misses went from ${format(cassandra.misses.value)} chunks to ${format(cassandraTenfold.misses.value)}: ${times} times MongoDB's slope, although a chunk has another size than a page. A read used ${format(cassandra.sstables.value)} sstables, then ${format(cassandraTenfold.sstables.value)}.`,
  ]
}

type Arm = 'mongo' | 'mongoTenfold' | 'cassandra' | 'cassandraTenfold'

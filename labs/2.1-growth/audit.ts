import type { Figure } from '@threshold/lab-kit'

interface Pattern {
  readonly sends: Figure
  readonly pages: Figure
  readonly misses: Figure
  readonly sstables: Figure
  readonly readP99: Figure
}

const whole = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : 'an unknown number of'

/**
 * What a team asks of its own numbers before it moves anything: how people read and write, and what
 * a page costs as data grows. The same three numbers come from any production system's metrics; the
 * last is the one that warns.
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
  const near =
    growth >= 1_000
      ? 'each operation now waits for the disk: the threshold is behind you'
      : 'most operations are still served from memory'
  const slope = (cassandraTenfold.misses.value - cassandra.misses.value) / growth
  return [
    `Audit of stage 1's pattern: ${Math.round(share)}% reads, ${Math.round(100 - share)}% writes; pages go anywhere in what was ever said, so that what is read is as large as what is kept.`,
    `For each thousand operations its engine read ${whole(mongo.misses.value)} pages from disk, and ${whole(mongoTenfold.misses.value)} at ten times the data: ${near}.`,
    `A page of history took ${whole(mongo.readP99.value)} ms at p99, then ${whole(mongoTenfold.readP99.value)} ms. Watch the misses: they rise before the milliseconds do.`,
    `Cassandra's own count went from ${whole(cassandra.misses.value)} chunks to ${whole(cassandraTenfold.misses.value)}: ${Number.isFinite(slope) ? slope.toFixed(1) : 'an unknown number of'} times MongoDB's slope, in units of another size. A read looked into ${whole(cassandra.sstables.value)} of its files, then into ${whole(cassandraTenfold.sstables.value)}.`,
  ]
}

type Arm = 'mongo' | 'mongoTenfold' | 'cassandra' | 'cassandraTenfold'

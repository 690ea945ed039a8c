import type { Figure } from '@threshold/lab-kit'

interface Pattern {
  readonly sends: Figure
  readonly pages: Figure
  readonly misses: Figure
  readonly readP99: Figure
}

const whole = (value: number): string => (Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : 'an unknown number of')

/**
 * What a team asks of its own numbers before it moves anything: how people read and write, and what a page costs as data
 * grows. The same three numbers come from any production system's metrics; the last is the one that warns.
 */
export function audit(small: Pattern, tenfold: Pattern): string[] {
  const share = (100 * tenfold.pages.value) / (tenfold.pages.value + tenfold.sends.value)
  const growth = tenfold.misses.value - small.misses.value
  const near =
    growth >= 1_000 ? 'each operation now waits for the disk: the threshold is behind you' : 'most operations are still served from memory'
  return [
    `Audit of stage 1's pattern: ${Math.round(share)}% reads, ${Math.round(100 - share)}% writes; pages go anywhere in what was ever said, so that what is read is as large as what is kept.`,
    `For each thousand operations its engine read ${whole(small.misses.value)} pages from disk, and ${whole(tenfold.misses.value)} at ten times the data: ${near}.`,
    `A page of history took ${whole(small.readP99.value)} ms at p99, then ${whole(tenfold.readP99.value)} ms. Watch the misses: they rise before the milliseconds do.`,
  ]
}

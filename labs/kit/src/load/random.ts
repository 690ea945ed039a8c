import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/**
 * Returns numbers in [0, 1). The same seed gives the same sequence, so that a load is repeatable.
 */
export type Random = () => number

export function seeded(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  return () => uniformFloat64(generator)
}

/** Returns a whole number from 0 up to, but not including, `bound`. */
export const randomBelow = (random: Random, bound: number): number => Math.floor(random() * bound)

/**
 * Returns the time until the next of independent arrivals at this rate. The time is exponentially
 * distributed, so that both bursts and lulls occur.
 */
export const exponentialWaitSeconds = (random: Random, perSecond: number): number =>
  -Math.log(1 - random()) / perSecond

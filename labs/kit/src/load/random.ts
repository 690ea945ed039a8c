/**
 * A source of numbers in [0, 1) that gives the same ones for the same seed: a load can be run again
 * exactly.
 */
export type Random = () => number

/** Mulberry32: 32 bits of state, good enough to place arrivals, far too weak for secrets. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number below `bound`. */
export const below = (random: Random, bound: number): number => Math.floor(random() * bound)

/**
 * The wait until the next of independent arrivals that come so many a second: exponential, so that
 * a busy moment and a lull both occur.
 */
export const waitSeconds = (random: Random, perSecond: number): number =>
  -Math.log(1 - random()) / perSecond

/** Time is passed in, so that tests can bend it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) in microseconds since
 * the Unix epoch.
 *
 * Guarantees: `next()` never returns the same or an earlier value twice, even when the system clock
 * is set back, and a value `observe`d from another process is always smaller than the next one
 * given here. Stores compare these values to decide which of two writes wins; a plain wall clock
 * would let an older write win after a correction by NTP.
 */
export interface HybridClock {
  next(): bigint
  observe(micros: bigint): void
}

export function hybridClock(clock: Clock): HybridClock {
  let last = 0n
  return {
    next() {
      const wall = BigInt(Math.floor(clock.now())) * 1_000n
      last = wall > last ? wall : last + 1n
      return last
    },
    observe(micros) {
      if (micros > last) last = micros
    },
  }
}

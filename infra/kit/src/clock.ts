/** The source of wall-clock time. It is passed in, so that tests can control it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) in microseconds since
 * the Unix epoch. Stores compare its values to decide which of two writes wins. A plain wall clock
 * would let an older write win after NTP set it back.
 */
export interface HybridClock {
  /**
   * A value larger than every value that this clock returned or observed before, even when the
   * system clock was set back.
   */
  next(): bigint
  /** Takes note of a value from another process: the next value here is larger. */
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

export interface Usage {
  /** Turns of the event loop so far. */
  readonly turns: number
  /** On a monotonic clock, in milliseconds. */
  readonly atMs: number
  /** CPU time of the process so far, in milliseconds. */
  readonly cpuMs: number
}

/**
 * Finds out whether one turn of an event loop takes too long. It counts CPU time, so that a busy
 * machine, on which a loop waits for its turn, is not taken for an endless loop.
 */
export class Stall {
  readonly #maxTurnMs: number
  readonly #checkMs: number
  #first: Usage | undefined
  #last: Usage | undefined

  /** @param checkMs how often `check` is called */
  constructor(maxTurnMs: number, checkMs: number) {
    this.#maxTurnMs = maxTurnMs
    this.#checkMs = checkMs
  }

  check(usage: Usage): boolean {
    // The whole process was paused, or a turn has ended.
    const paused = this.#last && usage.atMs - this.#last.atMs > this.#checkMs * 10
    if (paused || this.#first?.turns !== usage.turns) this.#first = usage
    this.#last = usage
    return usage.cpuMs - this.#first.cpuMs > this.#maxTurnMs
  }
}

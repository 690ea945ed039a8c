/**
 * Runs work later. Timers are passed in, so that the owner of a part can end them with it, and can
 * catch an error that is thrown inside one of them.
 */
export interface Timers {
  /** Runs `work` once after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, work: () => void): () => void
}

export const systemTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}

/** A timer of a healthy event loop is never this late. */
const STALLED_MS = 100

export interface SilenceTimer {
  /** Restarts the time, because the peer sent something. */
  refresh(): void
  clear(): void
}

/**
 * Calls back when it was not refreshed for `ms` milliseconds. It does not take a stall of its own
 * process for silence of the peer: after a stall Node runs timers before it reads the sockets. So a
 * timer that fires late waits again for as long as it was late, and the call itself comes after
 * the pending reads.
 */
export function silenceTimer(ms: number, onSilence: () => void): SilenceTimer {
  let dueAt = 0
  let timer: NodeJS.Timeout | undefined
  let afterReads: NodeJS.Immediate | undefined

  function wait(forMs: number): void {
    clear()
    dueAt = performance.now() + forMs
    timer = setTimeout(fired, forMs)
  }
  function fired(): void {
    const lateMs = performance.now() - dueAt
    if (lateMs > STALLED_MS) wait(Math.min(lateMs, ms))
    else afterReads = setImmediate(onSilence)
  }
  function clear(): void {
    clearTimeout(timer)
    clearImmediate(afterReads)
  }

  wait(ms)
  return { refresh: () => wait(ms), clear }
}

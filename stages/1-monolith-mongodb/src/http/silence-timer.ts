/** The event loop of a healthy process is never late by this much. */
const STOOD_STILL_MS = 100

export interface SilenceTimer {
  /** The peer said something: the time starts anew. */
  refresh(): void
  clear(): void
}

/**
 * Calls back when nothing refreshed it for `ms` milliseconds. A process that stood still runs its
 * timers before it reads what arrived meanwhile, and would take its own standstill for the peer's
 * silence. So a timer that fires late waits once more for as long as it was late, and what has
 * arrived is read before the call.
 */
export function silenceTimer(ms: number, onSilence: () => void): SilenceTimer {
  let dueAt = 0
  let timer: NodeJS.Timeout | undefined
  let reading: NodeJS.Immediate | undefined

  function wait(forMs: number): void {
    clear()
    dueAt = performance.now() + forMs
    timer = setTimeout(fired, forMs)
  }
  function fired(): void {
    const lateMs = performance.now() - dueAt
    if (lateMs > STOOD_STILL_MS) wait(Math.min(lateMs, ms))
    else reading = setImmediate(onSilence)
  }
  function clear(): void {
    clearTimeout(timer)
    clearImmediate(reading)
  }

  wait(ms)
  return { refresh: () => wait(ms), clear }
}

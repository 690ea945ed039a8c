const FIRST_MS = 500
const MAX_MS = 15_000

/**
 * Milliseconds before the next attempt. They double each time, up to a limit, and the result is a
 * random part between a half and the whole. Otherwise all clients of a server that restarts would
 * reconnect at the same moment, and fail together again.
 */
export function backoff(attempt, random = Math.random) {
  const whole = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 20))
  return Math.round(whole / 2 + (random() * whole) / 2)
}

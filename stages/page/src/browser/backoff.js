const FIRST_MS = 500
const LONGEST_MS = 15_000

/**
 * How long to wait before the next attempt: doubled each time, up to a limit, and of that a random
 * part between a half and the whole. Without the randomness all clients of a server that restarts
 * would come back in the same instant, and again in the same instant when that fails.
 */
export function backoff(attempt, random = Math.random) {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20))
  return Math.round(whole / 2 + (random() * whole) / 2)
}

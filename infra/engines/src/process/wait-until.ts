import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  readonly intervalMs: number
  readonly timeoutMs?: number
}

/**
 * Checks a condition every `intervalMs` and returns true once it holds, false when the time is up.
 *
 * p-wait-for would race the condition against a timer: after a stall of the event loop it gives up
 * without another look. This checks at least once, and once more after the deadline.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { intervalMs, timeoutMs = Number.POSITIVE_INFINITY }: WaitOptions,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() >= deadline) return false
    await delay(intervalMs)
  }
  return true
}

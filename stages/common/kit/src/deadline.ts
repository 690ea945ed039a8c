import type { Clock } from './clock.ts'
import { deadlineExceeded } from './errors.ts'

/**
 * When an answer stops being useful, as an absolute time: it can be handed on through any number of
 * calls, and across machines whose clocks roughly agree, without the budget growing at each hop.
 */
export interface Deadline {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

export const deadlineAfter = (ms: number, clock: Clock = { now: Date.now }): Deadline => ({
  at: clock.now() + ms,
})

/**
 * Milliseconds left, at least 1, so that it may be given to a driver as a time-out (0 means "none"
 * to most).
 */
export const remainingMs = (deadline: Deadline, now: number = Date.now()): number =>
  Math.max(1, Math.ceil(deadline.at - now))

/**
 * Rejects with DEADLINE_EXCEEDED when `work` is not done in time. The work itself goes on: its
 * effect may still happen.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  what: string,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(deadlineExceeded(what)), remainingMs(deadline))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

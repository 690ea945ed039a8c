import { type Clock, systemClock } from './clock.ts'
import { deadlineExceeded } from './errors.ts'

/**
 * The time after which the caller no longer waits for the answer. It is absolute, so a call can
 * pass it on, and the budget does not grow with each hop. Machines that share one need roughly
 * equal clocks.
 */
export interface Deadline {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/**
 * Injected clocks, by the deadlines they made. A deadline stays plain data, so that it can be sent
 * to another process. There it expires by that process's system clock.
 */
const clocks = new WeakMap<Deadline, Clock>()

const now = (deadline: Deadline): number => (clocks.get(deadline) ?? systemClock).now()

/** A deadline `ms` milliseconds from now. It expires by `clock`. */
export function deadlineAfter(ms: number, clock: Clock = systemClock): Deadline {
  const deadline = { at: clock.now() + ms }
  if (clock !== systemClock) clocks.set(deadline, clock)
  return deadline
}

export const isExpired = (deadline: Deadline): boolean => now(deadline) >= deadline.at

/** Milliseconds left, but at least 1: most drivers take a timeout of 0 for "none". */
export const remainingMs = (deadline: Deadline): number =>
  Math.max(1, Math.ceil(deadline.at - now(deadline)))

/**
 * Resolves or rejects as `work` does, or rejects with DEADLINE_EXCEEDED once the deadline has
 * passed. It does not cancel the work, whose effect may still happen. `name` opens the message.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  name: string,
  work: PromiseLike<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(deadlineExceeded(name)), remainingMs(deadline))
  })
  try {
    return await Promise.race([work, expiry])
  } finally {
    clearTimeout(timer)
  }
}

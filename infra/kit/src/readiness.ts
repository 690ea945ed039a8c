import { type Deadline, withDeadline } from './deadline.ts'
import { hasCode, messageOf } from './errors.ts'

/** Checks one thing that a process needs in order to serve, such as its database or its clock. */
export interface ReadinessCheck {
  /** Short and fixed: the key of its reason in the answer of /readyz. */
  readonly name: string
  /**
   * Why the process cannot serve, or undefined when it can. A rejection counts as a reason, and so
   * does an answer that misses the deadline.
   */
  reason(deadline: Deadline): Promise<string | undefined> | string | undefined
}

/** Why a process cannot serve, by check name. Empty when it can. */
export type Reasons = Readonly<Record<string, string>>

/** Runs all checks at once. Never rejects. */
export async function unreadyReasons(
  checks: readonly ReadinessCheck[],
  deadline: Deadline,
): Promise<Reasons> {
  const reasons = await Promise.all(
    checks.map(async (check) => [check.name, await reasonOf(check, deadline)] as const),
  )
  return Object.fromEntries(
    reasons.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

async function reasonOf(check: ReadinessCheck, deadline: Deadline): Promise<string | undefined> {
  try {
    return await withDeadline(deadline, check.name, Promise.resolve(check.reason(deadline)))
  } catch (error) {
    return hasCode(error) && error.next !== undefined
      ? `${messageOf(error)}; ${error.next}`
      : messageOf(error)
  }
}

/** The check of a dependency that is ready when it answers a ping. */
export const pingCheck = (
  name: string,
  ping: (deadline: Deadline) => Promise<void>,
): ReadinessCheck => ({
  name,
  async reason(deadline) {
    await ping(deadline)
    return undefined
  },
})

import { type Deadline, withDeadline } from './deadline.ts'
import { hasCode, messageOf } from './errors.ts'

/**
 * One thing that a process needs in order to serve: a database, a clock that is right, room to take
 * on work.
 */
export interface ReadinessCheck {
  /** Short and fixed: the key of its reason in the answer of /readyz. */
  readonly name: string
  /**
   * Undefined when the process can serve; otherwise why it cannot. A rejection is a reason, too.
   */
  reason(deadline: Deadline): Promise<string | undefined> | string | undefined
}

/** The reasons, by the check's name, why a process cannot serve now. Empty when it is ready. */
export type Reasons = Readonly<Record<string, string>>

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

/** For a part that only says whether it answers. */
export const pingCheck = (
  name: string,
  ask: (deadline: Deadline) => Promise<void>,
): ReadinessCheck => ({
  name,
  async reason(deadline) {
    await ask(deadline)
    return undefined
  },
})

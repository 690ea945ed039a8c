import type { UserId } from '@threshold/contract'
import { deadlineAfter, withDeadline } from '@threshold/kit'
import { Session, type SessionDependencies } from './session.ts'

interface ResumeRequest {
  readonly sessionId: string
  readonly userId: UserId
}

/** Milliseconds for finding the session that RESUME names. */
const RESUME_TIMEOUT_MS = 5_000

/**
 * Finds a session, and brings it to this process if another one has it. Undefined: there is none.
 */
export async function findSession(
  dependencies: SessionDependencies,
  { sessionId, userId }: ResumeRequest,
): Promise<Session | undefined> {
  const deadline = deadlineAfter(RESUME_TIMEOUT_MS, dependencies.runtime.clock)
  const found = await dependencies.sessions.claim({ sessionId, userId }, deadline)
  if (!found) return undefined
  const session = found instanceof Session ? found : await Session.restore(dependencies, found)
  // It may be on its way from another process.
  await withDeadline(deadline, 'the start of a session', session.starting)
  return session
}

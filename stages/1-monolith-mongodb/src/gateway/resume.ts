import type { UserId } from '@threshold/contract'
import { deadlineAfter } from '@threshold/kit'
import type { NumberedEvent } from '@threshold/ports'
import type { Dispatch } from './dispatch.ts'
import { Session, type SessionDependencies } from './session.ts'

interface ResumeRequest {
  readonly sessionId: string
  readonly userId: UserId
  /** The last number that the client has received. */
  readonly sequence: number
}

interface Resumable {
  readonly session: Session
  readonly missed: readonly NumberedEvent<Dispatch>[]
}

/** Milliseconds for finding the session that RESUME names. */
const RESUME_TIMEOUT_MS = 5_000

/**
 * Finds a session, and brings it to this process if another one has it. `lost`: there is none, or
 * it does not have all that the client has missed. `bad-sequence`: it never sent that number.
 */
export async function findSession(
  dependencies: SessionDependencies,
  { sequence, ...request }: ResumeRequest,
): Promise<Resumable | 'bad-sequence' | 'lost'> {
  const deadline = deadlineAfter(RESUME_TIMEOUT_MS, dependencies.runtime.clock)
  const found = await dependencies.sessions.claim(request, deadline)
  if (!found) return 'lost'
  const session = found instanceof Session ? found : await Session.restore(dependencies, found)
  const missed = session.missedSince(sequence)
  return typeof missed === 'string' ? missed : { session, missed }
}

import type { UserId } from '@threshold/contract'
import type { Deadline } from '@threshold/kit'

export type ResumeResult =
  | { readonly kind: 'refused' }
  /** The frames that the client missed, in order and each once. */
  | { readonly kind: 'resumed'; readonly missed: readonly string[] }
  /** The client claims a sequence number that was never sent: close code 4007. */
  | { readonly kind: 'bad-sequence' }

/**
 * Keeps sessions beyond the life of their sockets. Stage 1's keeps none and refuses every resume,
 * so each dropped socket costs a new IDENTIFY with all its reads. Lab 1.5 shows that flaw; stage 3
 * replaces the adapter.
 */
export interface SessionRegistry extends AsyncDisposable {
  resume(
    request: { readonly sessionId: string; readonly userId: UserId; readonly sequence: number },
    deadline: Deadline,
  ): Promise<ResumeResult>
}

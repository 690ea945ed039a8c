import type { UserId } from '@threshold/contract'
import type { Deadline } from '@threshold/kit'

/** What a session that comes back gets: refused, or the frames it missed, in order, each once. */
export type ResumeResult =
  | { readonly kind: 'refused' }
  | { readonly kind: 'resumed'; readonly missed: readonly string[] }
  /** It claims to have seen what was never sent: close code 4007. */
  | { readonly kind: 'bad-sequence' }

/**
 * Remembers sessions beyond their socket. Stage 1's keeps none and refuses all: every dropped
 * socket is a fresh IDENTIFY, with all its reads. That is stage 1's flaw to show (lab 1.5); stage 3
 * replaces this adapter.
 */
export interface SessionRegistry extends AsyncDisposable {
  resume(
    ask: { readonly sessionId: string; readonly userId: UserId; readonly sequence: number },
    deadline: Deadline,
  ): Promise<ResumeResult>
}

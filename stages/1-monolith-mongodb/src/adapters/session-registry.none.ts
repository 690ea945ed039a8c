import type { ResumableSession, SessionRegistry } from '@threshold/ports'

/**
 * Keeps no sessions. A session ends with its socket, and a client that reconnects must identify
 * again (op 9 with `d:false`). Lab 1.5 measures what a deploy costs this way. Stage 3 replaces it.
 */
export function noSessions(): SessionRegistry<never, never> {
  return {
    onAdopt() {},
    add: () => undefined,
    disconnected: (session: ResumableSession) => session.end(),
    remove() {},
    claim: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  }
}

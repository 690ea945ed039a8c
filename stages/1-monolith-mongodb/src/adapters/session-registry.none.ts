import type { SessionRegistry } from '@threshold/ports'

/**
 * Keeps no session: a socket and its session end together, and whoever comes back is told to
 * identify afresh (op 9, `d:false`). The simplest thing that works, and what a deploy then costs is
 * what lab 1.5 counts. Stage 3 replaces it.
 */
export function noSessions(): SessionRegistry {
  return {
    resume: async () => ({ kind: 'refused' }),
    [Symbol.asyncDispose]: async () => {},
  }
}

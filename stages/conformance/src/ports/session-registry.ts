import type { SessionRegistry } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId, testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

/**
 * The contract of every SessionRegistry, also of one that keeps no sessions. An adapter that keeps
 * sessions needs more tests. No adapter may resume a session for another user.
 */
export function testSessionRegistry(name: string, open: Open<SessionRegistry>): void {
  portSuite(`${name} as a session registry`, open, (registry) => {
    describe('a resume', () => {
      it('of an unknown session is refused, with any sequence number', () =>
        fc.assert(
          fc.asyncProperty(
            fc.oneof(fc.uuid(), fc.string()),
            fc.maxSafeInteger().map(Math.abs),
            async (sessionId, sequence) => {
              expect(
                await registry().resume(
                  { sessionId: `never ${sessionId}`, userId: newId(), sequence },
                  testDeadline(),
                ),
              ).toEqual({
                kind: 'refused',
              })
            },
          ),
        ))

      it('is refused each time, also under concurrency', async () => {
        const request = { sessionId: newId(), userId: newId(), sequence: 0 }
        const all = await Promise.all(
          Array.from({ length: 20 }, () => registry().resume(request, testDeadline())),
        )
        expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['refused']))
      })
    })
  })
}

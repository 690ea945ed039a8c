import type { ResumableSession, SessionRegistry } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId, testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

/**
 * The contract of every SessionRegistry, also of one that keeps no sessions. An adapter that keeps
 * sessions needs more tests.
 */
export function testSessionRegistry(
  name: string,
  open: Open<SessionRegistry<ResumableSession, never>>,
): void {
  portSuite(`${name} as a session registry`, open, (registry) => {
    describe('a claim', () => {
      it('of an unknown session finds none', () =>
        fc.assert(
          fc.asyncProperty(fc.oneof(fc.uuid(), fc.string()), async (id) => {
            const request = { sessionId: `never ${id}`, userId: newId() }
            expect(await registry().claim(request, testDeadline())).toBeUndefined()
          }),
        ))

      it('finds none each time, also under concurrency', async () => {
        const request = { sessionId: newId(), userId: newId() }
        const all = await Promise.all(
          Array.from({ length: 20 }, () => registry().claim(request, testDeadline())),
        )
        expect(new Set(all)).toEqual(new Set([undefined]))
      })
    })
  })
}

import type { SessionRegistry } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId, testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

/**
 * The laws that bind every SessionRegistry, the one that keeps no sessions too. That a kept session
 * comes back whole is for the suite of an adapter that keeps some; no adapter may ever give one to
 * whom it does not belong.
 */
export function testSessionRegistry(name: string, open: Open<SessionRegistry>): void {
  portSuite(`${name} as a session registry`, open, (registry) => {
    describe('a resumption', () => {
      it('of a session that nobody has heard of is refused, whatever it claims to have seen', () =>
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

      it('is refused as often as it is tried, also by many at once', async () => {
        const ask = { sessionId: newId(), userId: newId(), sequence: 0 }
        const all = await Promise.all(
          Array.from({ length: 20 }, () => registry().resume(ask, testDeadline())),
        )
        expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['refused']))
      })
    })
  })
}

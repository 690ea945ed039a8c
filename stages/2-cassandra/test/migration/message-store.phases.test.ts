import { testMessageStore } from '@threshold/conformance/ports'
import { allTests } from '@threshold/engines/testing'
import type { Phase } from '@threshold/migration'
import { describe, it } from 'vitest'
import { openFixture } from './fixture.ts'

/**
 * Only with --all. Each call before and after the move goes to one store, which passes the same
 * laws in its own suite. `interleavings`, `replica-away` and `walk` test the phases in between.
 */
const PHASES: readonly Phase[] = ['source', 'dual-write', 'cutover', 'decommissioned']

for (const phase of PHASES) {
  const title = `In phase ${phase}, the store that follows a migration`
  if (allTests())
    testMessageStore(title, async (use) => {
      const fixture = await openFixture(use)
      await fixture.enter(phase)
      return await fixture.process()
    })
  else
    describe(title, () => {
      it.skip('keeps the laws of a message store: npm test -- --all runs them here too', () => {})
    })
}

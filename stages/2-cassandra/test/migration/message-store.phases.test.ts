import { testMessageStore } from '@threshold/conformance/ports'
import { allTests } from '@threshold/engines/testing'
import type { Phase } from '@threshold/migration'
import { describe, it } from 'vitest'
import { openFixture } from './fixture.ts'

/**
 * Before and after the move each call goes straight on to one of the two stores, which pass the
 * same laws in suites of their own; what is special between is tried by itself in `interleavings`
 * and `walk`.
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

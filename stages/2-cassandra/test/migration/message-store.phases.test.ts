import { testMessageStore } from '@threshold/conformance/ports'
import { testsAll } from '@threshold/engines/testing'
import { describe, it } from 'vitest'
import type { Phase } from '../../src/migration/phases.ts'
import { openHouse } from './house.ts'

/**
 * Before and after the move each call goes straight on to one of the two stores, which pass the same laws in suites of their own;
 * in cutover the two have changed places, and the whole contract is tried there.
 */
const OTHERS: readonly Phase[] = ['mongo', 'cutover', 'decommissioned']

for (const phase of OTHERS) {
  const title = `In phase ${phase}, the store that follows a migration`
  if (testsAll())
    testMessageStore(title, async (use) => {
      const house = await openHouse(use)
      await house.inPhase(phase)
      return await house.process()
    })
  else
    describe(title, () => {
      it.skip('keeps the laws of a message store: npm test -- --all runs them here too', () => {})
    })
}

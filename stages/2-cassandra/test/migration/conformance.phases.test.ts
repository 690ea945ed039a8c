import { allTests } from '@threshold/engines/testing'
import type { Phase } from '@threshold/migration'
import { describe, it } from 'vitest'
import { testConformanceIn } from './conformance.ts'

/**
 * Each costs half a minute, and the store under it passes the laws of a message store in each phase
 * anyway.
 */
const PHASES: readonly Phase[] = ['source', 'dual-write', 'cutover', 'decommissioned']

for (const phase of PHASES) {
  if (allTests()) testConformanceIn(phase)
  else
    describe(`in phase ${phase}`, () => {
      it.skip('keeps the contract: npm test -- --all', () => {})
    })
}

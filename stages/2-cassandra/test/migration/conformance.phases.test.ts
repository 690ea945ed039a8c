import { allTests } from '@threshold/engines/testing'
import { describe, it } from 'vitest'
import type { Phase } from '../../src/migration/phases.ts'
import { testConformanceIn } from './conformance.ts'

/**
 * Each costs half a minute, and the store under it passes the laws of a message store in each phase
 * anyway.
 */
const PHASES: readonly Phase[] = ['mongo', 'dual-write', 'cutover', 'decommissioned']

for (const phase of PHASES) {
  if (allTests()) testConformanceIn(phase)
  else
    describe(`in phase ${phase}`, () => {
      it.skip('keeps the contract: npm test -- --all', () => {})
    })
}

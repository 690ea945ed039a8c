import { testsAll } from '@threshold/engines/testing'
import { describe, it } from 'vitest'
import type { Phase } from '../../src/migration/phases.ts'
import { testConformanceIn } from './conformance.ts'

/** Each costs half a minute, and the store under it passes the laws of a message store in each phase anyway. */
const OTHERS: readonly Phase[] = ['mongo', 'dual-write', 'decommissioned']

for (const phase of OTHERS) {
  if (testsAll()) testConformanceIn(phase)
  else
    describe(`in phase ${phase}`, () => {
      it.skip('keeps the contract, in half a minute more: npm test -- --all', () => {})
    })
}

import { allTests } from '@threshold/engines/testing'
import type { Phase } from '@threshold/migration'
import { describe, it } from 'vitest'
import { testConformanceIn } from './conformance.ts'

/** Each phase takes half a minute, so it is tested only with --all. */
const PHASES: readonly Phase[] = ['source', 'dual-write', 'cutover', 'decommissioned']

for (const phase of PHASES) {
  if (allTests()) testConformanceIn(phase)
  else
    describe(`in phase ${phase}`, () => {
      it.skip('keeps the contract: npm test -- --all', () => {})
    })
}

import { allTests } from '@threshold/engines/testing'
import { describe, it } from 'vitest'
import { testStage3 } from './conformance.ts'

if (allTests()) testStage3('stage 3 with one guild host', { guilds: 1 })
else
  describe('stage 3 with one guild host', () => {
    it.skip('keeps the contract: npm test -- --all', () => {})
  })

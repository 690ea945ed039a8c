import { allTests } from '@threshold/engines/testing'
import { describe, it } from 'vitest'
import { testStage3 } from './conformance.ts'

const name = 'stage 3 with one guild host, and search in OpenSearch'

if (allTests()) testStage3(name, { guilds: 1 }, 'OpenSearch')
else
  describe(name, () => {
    it.skip('keeps the contract: npm test -- --all', () => {})
  })

import { testSearchIndex } from '@threshold/conformance/ports'
import { natsSearchIndex } from '../../src/adapters/search-index.nats.ts'
import { searchFixture } from '../search/fixture.ts'

testSearchIndex('NATS', async (use) => {
  const fixture = await searchFixture(use)
  use.use(await fixture.start())
  return natsSearchIndex(await fixture.nats.connect('api'))
})

import { testSearchIndex } from '@threshold/conformance/ports'
import { searchFixture } from '../search/fixture.ts'

testSearchIndex('NATS', async (use) => {
  const fixture = await searchFixture(use)
  use.use(await fixture.start())
  return fixture.connect()
})

import { testMessageStore } from '@threshold/conformance/ports'
import { openHouse } from './house.ts'

testMessageStore('In phase dual-write, the store that follows a migration', async (use) => {
  const house = await openHouse(use)
  await house.inPhase('dual-write')
  return await house.process()
})

import { testMessageStore } from '@threshold/conformance/ports'
import { openHouse } from './house.ts'

testMessageStore('In phase cutover, the store that follows a migration', async (use) => {
  const house = await openHouse(use)
  await house.inPhase('cutover')
  return await house.process()
})

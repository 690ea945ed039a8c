import { testVoiceCalls } from '@threshold/conformance/ports'
import { closeAll, start, voice } from './fixture.ts'

testVoiceCalls('the voice server', async (use) => {
  await start(60_000)
  use.defer(closeAll)
  return {
    admit: (...args) => voice.admit(...args),
    setMuted: (...args) => voice.setMuted(...args),
    dismiss: (...args) => voice.dismiss(...args),
  }
})

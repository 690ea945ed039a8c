import { shiftedClock, testClocks } from '@threshold/conformance/faults'
import { startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'

testClocks('Stage 1', async () => {
  await using opening = new AsyncDisposableStack()
  const { uri } = opening.use(await leaseDatabase())
  const clock = opening.use(await shiftedClock())
  const stage = opening.use(await startStage({ stage: 1, engineUri: uri, env: clock.env }))
  const use = opening.move()
  return { stage, clock, [Symbol.asyncDispose]: () => use.disposeAsync() }
})

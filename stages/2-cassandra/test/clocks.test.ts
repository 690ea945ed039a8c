import { shiftedClock, testClocks } from '@threshold/conformance/faults'
import { startStage } from '@threshold/engines'
import { leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'

testClocks('Stage 2', async () => {
  await using opening = new AsyncDisposableStack()
  const { uri: engineUri } = opening.use(await leaseDatabase())
  const { uri: cassandraUri } = opening.use(await leaseKeyspace())
  const clock = opening.use(await shiftedClock())
  const stage = opening.use(await startStage({ stage: 2, engineUri, cassandraUri, env: clock.env }))
  const use = opening.move()
  return { stage, clock, [Symbol.asyncDispose]: () => use.disposeAsync() }
})

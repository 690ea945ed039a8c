import { testCrash, testDatabaseOutage } from '@threshold/conformance/faults'
import { startStage, withDatabase } from '@threshold/engines'
import { dedicatedMongo } from '@threshold/engines/testing'

const open = async () => {
  const use = new AsyncDisposableStack()
  try {
    const engine = use.use(await dedicatedMongo())
    const stage = use.use(
      await startStage({ stage: 1, engineUri: withDatabase(engine.uri, 'faults') }),
    )
    return { engine, stage, [Symbol.asyncDispose]: () => use.disposeAsync() }
  } catch (error) {
    await use.disposeAsync()
    throw error
  }
}

testCrash('Stage 1', open)
testDatabaseOutage('Stage 1', open)

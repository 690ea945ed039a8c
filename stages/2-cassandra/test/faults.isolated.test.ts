import { testCrash, testDatabaseOutage } from '@threshold/conformance/faults'
import { type Engine, startStage, withDatabase, withKeyspace } from '@threshold/engines'
import {
  dedicatedCassandra,
  dedicatedMongo,
  iterations,
  leaseDatabase,
  leaseKeyspace,
} from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

/**
 * One for all tests here, since a JVM takes its time to start: whoever finds it killed starts it
 * again.
 */
let cassandra: Awaited<ReturnType<typeof dedicatedCassandra>>
beforeAll(async () => {
  cassandra = await dedicatedCassandra()
})
afterAll(() => cassandra?.stop())

async function victims<T extends Engine>(
  engine: T,
  addresses: (use: AsyncDisposableStack) => Promise<{ engineUri: string; cassandraUri: string }>,
  use = new AsyncDisposableStack(),
) {
  try {
    const stage = use.use(await startStage({ stage: 2, ...(await addresses(use)) }))
    return { engine, stage, [Symbol.asyncDispose]: () => use.disposeAsync() }
  } catch (error) {
    await use.disposeAsync()
    throw error
  }
}

let opened = 0
const openCassandra = async () => {
  if (cassandra.state() !== 'running') await cassandra.restart()
  const cassandraUri = withKeyspace(cassandra.uri, `faults_${++opened}`)
  return await victims(cassandra, async (use) => ({
    engineUri: use.use(await leaseDatabase()).uri,
    cassandraUri,
  }))
}

const openMongo = async () => {
  const use = new AsyncDisposableStack()
  const engine = use.use(await dedicatedMongo())
  const engineUri = withDatabase(engine.uri, 'faults')
  return await victims(
    engine,
    async (use) => ({ engineUri, cassandraUri: use.use(await leaseKeyspace()).uri }),
    use,
  )
}

// Fewer than stage 1's: a nonce is a transaction here, and a thousand at once outlast their
// deadline on two cores.
testCrash('Stage 2 on Cassandra', openCassandra, { rounds: iterations(1, 2), sends: 200 })
// By default stage 1 shows it of a stage, and both adapters of themselves.
testDatabaseOutage('Stage 2 (Cassandra)', openCassandra, {
  identifiesDuringOutage: true,
  fullOnly: true,
})
testDatabaseOutage('Stage 2 (MongoDB)', openMongo, { fullOnly: true })

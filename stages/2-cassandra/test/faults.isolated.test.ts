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

/** One for all tests here, since a JVM starts slowly. A test that finds it killed restarts it. */
let cassandra: Awaited<ReturnType<typeof dedicatedCassandra>>
beforeAll(async () => {
  cassandra = await dedicatedCassandra()
})
afterAll(() => cassandra?.stop())

async function openStage<T extends Engine>(
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
  return await openStage(cassandra, async (use) => ({
    engineUri: use.use(await leaseDatabase()).uri,
    cassandraUri,
  }))
}

const openMongo = async () => {
  const use = new AsyncDisposableStack()
  const engine = use.use(await dedicatedMongo())
  const engineUri = withDatabase(engine.uri, 'faults')
  return await openStage(
    engine,
    async (use) => ({ engineUri, cassandraUri: use.use(await leaseKeyspace()).uri }),
    use,
  )
}

// Fewer sends than in stage 1: each nonce is a transaction, and a thousand at once take longer than
// their deadline on two cores.
testCrash('Stage 2 on Cassandra', openCassandra, { rounds: iterations(1, 2), sends: 200 })
// Only with --all: stage 1's test shows it of a stage, and the adapters' tests of both adapters.
testDatabaseOutage('Stage 2 (Cassandra)', openCassandra, {
  identifiable: true,
  fullRunsOnly: true,
})
testDatabaseOutage('Stage 2 (MongoDB)', openMongo, { fullRunsOnly: true })

import { testAway, testCrash } from '@threshold/conformance/faults'
import { startStage, withDatabase, withKeyspace } from '@threshold/engines'
import { leaseDatabase, leaseKeyspace, ownCassandra, ownMongo } from '@threshold/engines/testing'

type Addresses = { engineUri: string; cassandraUri: string }

/** The stage on two databases, one of which suffers. */
async function victims<T extends AsyncDisposable>(
  own: () => Promise<T>,
  other: (engine: T, use: AsyncDisposableStack) => Promise<Addresses>,
) {
  const use = new AsyncDisposableStack()
  try {
    const engine = use.use(await own())
    const stage = use.use(await startStage({ stage: 2, ...(await other(engine, use)) }))
    return { engine, stage, [Symbol.asyncDispose]: () => use.disposeAsync() }
  } catch (error) {
    await use.disposeAsync()
    throw error
  }
}

const openCassandra = () =>
  victims(ownCassandra, async (engine, use) => ({
    engineUri: use.use(await leaseDatabase()).uri,
    cassandraUri: withKeyspace(engine.uri, 'faults'),
  }))

const openMongo = () =>
  victims(ownMongo, async (engine, use) => ({
    engineUri: withDatabase(engine.uri, 'faults'),
    cassandraUri: use.use(await leaseKeyspace()).uri,
  }))

// Fewer than stage 1's: a nonce is a transaction here, and a thousand at once outlast their deadline on two cores.
testCrash('Stage 2 on Cassandra', openCassandra, { rounds: 2, sends: 200 })
testAway('Stage 2 (Cassandra)', openCassandra, { letsIn: true })
testAway('Stage 2 (MongoDB)', openMongo)

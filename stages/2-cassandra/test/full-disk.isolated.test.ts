import { testFullDisk } from '@threshold/conformance/faults'
import { startStage, withKeyspace } from '@threshold/engines'
import { dedicatedCassandra, leaseDatabase } from '@threshold/engines/testing'

testFullDisk('Stage 2', {
  megabytes: 200,
  check: 'messages',
  async open(disk, onOutput) {
    const use = new AsyncDisposableStack()
    const engineUri = use.use(await leaseDatabase()).uri
    const engine = use.use(await dedicatedCassandra({ provider: 'native', disk }))
    const cassandraUri = withKeyspace(engine.uri, 'full_disk')
    const stage = use.use(await startStage({ stage: 2, engineUri, cassandraUri, onOutput }))
    return { engine, stage, [Symbol.asyncDispose]: () => use.disposeAsync() }
  },
})

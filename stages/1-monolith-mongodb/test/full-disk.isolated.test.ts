import { join } from 'node:path'
import { testFullDisk } from '@threshold/conformance/faults'
import { startStage, withDatabase } from '@threshold/engines'
import { dedicatedMongo } from '@threshold/engines/testing'

testFullDisk('Stage 1', {
  megabytes: 400,
  check: 'MongoDB',
  async open(disk, onOutput) {
    const use = new AsyncDisposableStack()
    const engine = use.use(
      await dedicatedMongo({
        provider: 'native',
        dataDir: join(disk.dir, 'data'),
        wrap: disk.wrap,
      }),
    )
    const stage = use.use(
      await startStage({ stage: 1, engineUri: withDatabase(engine.uri, 'full'), onOutput }),
    )
    return { engine, stage, [Symbol.asyncDispose]: () => use.disposeAsync() }
  },
})

import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { startStage } from '@threshold/engines'
import { leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

const use = new AsyncDisposableStack()
const stages = conformanceStages()

beforeAll(async () => {
  const { uri: engineUri } = use.use(await leaseDatabase())
  const { uri: cassandraUri } = use.use(await leaseKeyspace())
  await stages.start(async (env) =>
    use.use(await startStage({ stage: 2, engineUri, cassandraUri, env })),
  )
})
afterAll(() => use.disposeAsync())

// Stage 2 keeps no session, like stage 1.
testConformance('stage 2', { ...stages.options, capabilities: [] })

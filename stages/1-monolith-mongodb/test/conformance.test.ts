import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

const use = new AsyncDisposableStack()
const stages = conformanceStages()

beforeAll(async () => {
  const { uri: engineUri } = use.use(await leaseDatabase())
  await stages.start(async (env) => use.use(await startStage({ stage: 1, engineUri, env })))
})
afterAll(() => use.disposeAsync())

// Stage 1 keeps no session: the cases of RESUME check that it is refused.
testConformance('stage 1', { ...stages.options, capabilities: [] })

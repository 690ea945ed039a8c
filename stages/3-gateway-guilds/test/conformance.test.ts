import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { listStages, roleUsers, startStage } from '@threshold/engines'
import { dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

const use = new AsyncDisposableStack()
const stages = conformanceStages()

/** Further processes beside the first stage, on the same NATS. Its hosts own their guilds too. */
const BESIDE = { guilds: 0, notifications: 0, search: 0, voice: 0 }

beforeAll(async () => {
  const { uri: engineUri } = use.use(await leaseDatabase())
  const { uri: cassandraUri } = use.use(await leaseKeyspace())
  const { dir } = (await listStages()).find(({ stage }) => stage === 3)!
  const nats = use.use(await dedicatedNats({ users: await roleUsers(dir) }))
  let processes: Record<string, number> = {}
  await stages.start(async (env) => {
    const addresses = { engineUri, cassandraUri, nats }
    const stage = use.use(await startStage({ stage: 3, ...addresses, processes, env }))
    processes = BESIDE
    return stage
  })
}, 120_000)
afterAll(() => use.disposeAsync())

// Stage 3 keeps no session yet, like the stages before it.
testConformance('stage 3', { ...stages.options, capabilities: [] })

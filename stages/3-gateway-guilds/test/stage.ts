import { listStages, roleUsers, type StageProcess, startStage } from '@threshold/engines'
import { dedicatedNats, leaseDatabase, leaseIndex, leaseKeyspace } from '@threshold/engines/testing'

export type SearchAdapter = 'SQLite' | 'OpenSearch'

/** Starts processes of stage 3 on databases and a NATS of their own. */
export async function stageStarter(
  use: AsyncDisposableStack,
  search: SearchAdapter = 'SQLite',
): Promise<
  (processes: Record<string, number>, env?: Record<string, string>) => Promise<StageProcess>
> {
  const { uri: engineUri } = use.use(await leaseDatabase())
  const { uri: cassandraUri } = use.use(await leaseKeyspace())
  const { dir } = (await listStages()).find(({ stage }) => stage === 3)!
  const nats = use.use(await dedicatedNats({ users: await roleUsers(dir) }))
  const index = search === 'OpenSearch' ? use.use(await leaseIndex()) : undefined
  const addresses = {
    engineUri,
    cassandraUri,
    nats,
    ...(index === undefined ? {} : { openSearchUri: index.uri }),
  }
  return async (processes, env = {}) =>
    use.use(await startStage({ stage: 3, ...addresses, processes, env }))
}

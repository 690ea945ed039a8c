import { listStages, roleUsers, type StageProcess, startStage } from '@threshold/engines'
import { dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'

/** Starts processes of stage 3 on databases and a NATS of their own. */
export async function stageStarter(
  use: AsyncDisposableStack,
): Promise<
  (processes: Record<string, number>, env?: Record<string, string>) => Promise<StageProcess>
> {
  const { uri: engineUri } = use.use(await leaseDatabase())
  const { uri: cassandraUri } = use.use(await leaseKeyspace())
  const { dir } = (await listStages()).find(({ stage }) => stage === 3)!
  const nats = use.use(await dedicatedNats({ users: await roleUsers(dir) }))
  const addresses = { engineUri, cassandraUri, nats }
  return async (processes, env = {}) =>
    use.use(await startStage({ stage: 3, ...addresses, processes, env }))
}

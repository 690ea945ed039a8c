import {
  listStages,
  type NatsEngine,
  type OnProgress,
  processesOf,
  roleUsers,
  type StageProcess,
  startCassandra,
  startMongo,
  startNats,
  startStage,
  type TcpProxy,
  tcpProxy,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/** A stage on engines of its own. */
export interface System {
  readonly stage: StageProcess
  readonly nats: NatsEngine | undefined
  /** The proxies between each process and NATS, by its name. */
  readonly proxies: ReadonlyMap<string, TcpProxy>
  /** Names the engines, for those who read the figures. */
  readonly engineText: string
}

export interface SystemOptions {
  readonly stage: number
  /** Names its databases. */
  readonly name: string
  readonly processes?: Readonly<Record<string, number>>
  readonly env?: Record<string, string>
  /** Called with the output of its processes. */
  readonly onOutput?: (text: string) => void
}

/** Starts the engines that the stage needs, and the stage. All of them end with `use`. */
export async function startSystem(
  use: AsyncDisposableStack,
  { stage: number, name, processes, env, onOutput }: SystemOptions,
  onProgress: OnProgress,
): Promise<System> {
  const info = (await listStages()).find(({ stage }) => stage === number)
  if (!info)
    throw new CodedError('NO_SUCH_STAGE', `there is no stage ${number}`, {
      next: 'npx threshold stages list',
    })
  const mongo = use.use(await startMongo({ prefer: 'lab', managed: true, onProgress }))
  const texts = [mongo.label.text]
  let cassandraUri: string | undefined
  if (info.engines.includes('cassandra')) {
    const cassandra = use.use(await startCassandra({ managed: true, onProgress }))
    cassandraUri = withKeyspace(cassandra.uri, name)
    texts.push(`${cassandra.label.text}, one node`)
  }
  let nats: NatsEngine | undefined
  const proxies = new Map<string, TcpProxy>()
  const users = info.engines.includes('nats') ? await roleUsers(info.dir) : []
  if (users.length > 0) {
    nats = use.use(await startNats({ users, managed: true, onProgress }))
    texts.push(nats.label.text)
    for (const { role, name: process } of processesOf(info, processes))
      proxies.set(process, use.use(await tcpProxy(new URL(nats.uriOf(role)).host)))
  }
  const uriOf = (role: string, process: string): string => {
    const uri = new URL(nats!.uriOf(role))
    uri.host = proxies.get(process)!.address
    return uri.href
  }
  onProgress({ text: `starting stage ${number}` })
  const stage = use.use(
    await startStage({
      stage: number,
      engineUri: withDatabase(mongo.uri, name),
      ...(cassandraUri === undefined ? {} : { cassandraUri }),
      ...(nats ? { nats: { uriOf } } : {}),
      ...(processes === undefined ? {} : { processes }),
      ...(onOutput === undefined ? {} : { onOutput }),
      env: { THRESHOLD_RATE_REQUESTS: '1000000', THRESHOLD_LOG_LEVEL: 'error', ...env },
    }),
  )
  return { stage, nats, proxies, engineText: texts.join('; ') }
}

import {
  type OnProgress,
  startCassandra,
  startMongo,
  startStage,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { createGuild } from './src/api.ts'
import { type Endpoint, measureOverload, type OverloadSample } from './src/overload/clients.ts'
import {
  CASSANDRA,
  MONGODB,
  type Protocol,
  type SlowStore,
  slowStore,
} from './src/overload/slow-store.ts'
import { saveReport } from './src/report.ts'

const CLIENTS = [8, 32, 128, 500] as const
const KINDS = ['send', 'read'] as const
const WINDOW = { warmUpMs: 10_000, ms: 20_000 }
/** Time that the slow store takes per request: 100 per second instead of thousands. */
const EACH_MS = 10
/** Share of its best throughput that a stage must reach under overload. */
const TARGET_SHARE = 0.5

/** Measures how many requests succeed if clients send more than a slow store can serve. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const cassandra = use.use(await startCassandra({ onProgress }))
  const slowMongo = use.use(await slowed(mongo.uri, MONGODB))
  const slowCassandra = use.use(await slowed(cassandra.uri, CASSANDRA))
  const arms = [
    { stage: 1, store: slowMongo, engineUri: withDatabase(slowMongo.uri, 'overload_1') },
    {
      stage: 2,
      store: slowCassandra,
      engineUri: withDatabase(mongo.uri, 'overload_2'),
      cassandraUri: withKeyspace(slowCassandra.uri, 'overload'),
    },
  ]
  const samples: OverloadSample[] = []
  for (const { store, ...addresses } of arms) {
    const env = { THRESHOLD_RATE_REQUESTS: '1000000', THRESHOLD_LOG_LEVEL: 'error' }
    await using running = await startStage({ ...addresses, env })
    const { token, channels } = await createGuild(running.url, 2)
    // Reads go to a short channel of their own. `bench history` measures pages of long channels.
    const [sends, reads] = channels.map(
      (channel): Endpoint => ({
        name: `stage ${running.stage}`,
        url: `${running.url}/api/v10/channels/${channel}/messages`,
        token,
      }),
    ) as [Endpoint, Endpoint]
    await measureOverload(reads, 'send', 1, { warmUpMs: 0, ms: 500 })
    store.slowDown(EACH_MS)
    for (const kind of KINDS) {
      const target = kind === 'send' ? sends : reads
      for (const clients of CLIENTS) {
        onProgress({
          text: `${target.name}: ${clients} clients ${kind}`,
          done: samples.length,
          total: 16,
        })
        samples.push(await measureOverload(target, kind, clients, WINDOW))
      }
    }
    store.slowDown(0)
  }
  const engine = `${mongo.label.text}; ${cassandra.label.text}, one node`
  const title = 'More clients than a slow store can serve'
  return await saveReport(
    { name: 'overload', title, engine, samples, ...describe(samples) },
    options,
  )
}

/** Starts a slow proxy for the engine and returns the engine's address through the proxy. */
async function slowed(
  uri: string,
  protocol: Protocol,
): Promise<SlowStore & { readonly uri: string }> {
  const [, host = '', port = ''] = /^\w+:\/\/([^:/,]+):(\d+)/.exec(uri) ?? []
  const store = await slowStore({ host, port: Number(port) }, protocol)
  return { ...store, uri: uri.replace(`${host}:${port}`, `127.0.0.1:${store.port}`) }
}

export function describe(samples: readonly OverloadSample[]) {
  const rate = ({ done, seconds }: OverloadSample): number => done / seconds
  const groups = [...Map.groupBy(samples, ({ name, kind }) => `${name}, ${kind}`)]
  const shares = groups.map(([name, group]) => {
    const best = Math.max(...group.map(rate))
    const overloaded = group.reduce((most, sample) =>
      sample.clients > most.clients ? sample : most,
    )
    return { name, best, overloaded, share: best === 0 ? 0 : rate(overloaded) / best }
  })
  const bestOf = new Map(shares.map(({ name, best }) => [name, best]))
  const rows = groups.flatMap(([name, group]) =>
    group.map((sample) => [
      sample.name,
      sample.kind,
      String(sample.clients),
      rate(sample).toFixed(1),
      (rate(sample) / (bestOf.get(name) || 1)).toFixed(2),
      (sample.shed / sample.seconds).toFixed(1),
      String(sample.others),
      sample.p50.toFixed(0),
      sample.p99.toFixed(0),
      sample.gapMs.toFixed(0),
    ]),
  )
  const findings = [
    ...shares.map(({ name, overloaded, share }) => {
      const met = share > TARGET_SHARE ? 'reached' : 'missed'
      return `${name}: ${overloaded.clients} clients get ${share.toFixed(2)} of the best throughput. Target: more than ${TARGET_SHARE} (${met}).`
    }),
    'Each client sends a request, waits for the answer and sends the next one; after a 503 it waits as Retry-After says. A request times out after 5 s.',
    `The store serves one request at a time, ${1_000 / EACH_MS} per second, and does not notice that a client no longer waits.`,
  ]
  const columns = [
    'Server',
    'Request',
    'Clients',
    'Done/s',
    'To best',
    '503/s',
    'Others',
    'p50 ms',
    'p99 ms',
    'Longest gap ms',
  ]
  return { columns, rows, findings }
}

export default {
  name: 'overload',
  title: 'goodput with 500 clients on a slow store, relative to its best',
  run,
}

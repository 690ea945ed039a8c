import { type Engine, type OnProgress, startCassandra, startMongo, startStage, withDatabase, withKeyspace } from '@threshold/engines'
import { openTalk } from './src/api.ts'
import { ask, type OverloadSample, type Target } from './src/overload/senders.ts'
import { slowed } from './src/overload/slowed.ts'
import { report } from './src/report.ts'

const CLIENTS = [8, 32, 128, 500] as const
const KINDS = ['send', 'read'] as const
const WINDOW = { warmUpMs: 10_000, ms: 20_000 }
/** What a crowd may take from what the store can do. */
const WANTED_SHARE = 0.5

/** What is answered when more ask than a slow store can serve: fewer than at best, and never none. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await startMongo({ prefer: 'lab', ours: true, onProgress }))
  const cassandra = use.use(await startCassandra({ ours: true, onProgress }))
  const stages: [stage: 1 | 2, store: Engine][] = [
    [1, mongo],
    [2, cassandra],
  ]
  const samples: OverloadSample[] = []
  for (const [stage, store] of stages) {
    const running = use.use(
      await startStage({
        ...{ stage, engineUri: withDatabase(mongo.uri, `overload_${stage}`) },
        ...(stage === 2 ? { cassandraUri: withKeyspace(cassandra.uri, 'overload') } : {}),
        env: { THRESHOLD_RATE_REQUESTS: '1000000', THRESHOLD_LOG_LEVEL: 'error' },
      }),
    )
    const { token, channels } = await openTalk(running.url, 1)
    const target: Target = { name: `stage ${stage}`, url: `${running.url}/api/v10/channels/${channels[0]}/messages`, token }
    await ask(target, 'send', 8, { warmUpMs: 0, ms: 1_000 }) // so that there is something to read
    await using _ = slowed(store)
    for (const kind of KINDS) {
      for (const clients of CLIENTS) {
        onProgress({ text: `${target.name}: ${clients} clients ${kind}`, done: samples.length, total: stages.length * 8 })
        samples.push(await ask(target, kind, clients, WINDOW))
      }
    }
  }
  const engine = `${mongo.label.text}; ${cassandra.label.text}, one node`
  return await report(
    { name: 'overload', title: 'More clients than a slow store can serve', engine, samples, ...describe(samples) },
    options,
  )
}

export function describe(samples: readonly OverloadSample[]) {
  const rate = ({ done, seconds }: OverloadSample): number => done / seconds
  const groups = [...Map.groupBy(samples, ({ name, kind }) => `${name}, ${kind}`)]
  const shares = groups.map(([name, group]) => {
    const best = Math.max(...group.map(rate))
    const crowd = group.reduce((most, one) => (one.clients > most.clients ? one : most))
    return { name, best, crowd, share: best === 0 ? 0 : rate(crowd) / best }
  })
  const bestOf = new Map(shares.map(({ name, best }) => [name, best]))
  const rows = groups.flatMap(([name, group]) =>
    group.map((one) => [
      ...[one.name, one.kind, String(one.clients), rate(one).toFixed(1), (rate(one) / (bestOf.get(name) || 1)).toFixed(2)],
      ...[(one.shed / one.seconds).toFixed(1), String(one.others), one.p50.toFixed(0), one.p99.toFixed(0), one.gapMs.toFixed(0)],
    ]),
  )
  const findings = [
    ...shares.map(({ name, crowd, share }) => {
      const met = share > WANTED_SHARE ? 'reached' : 'missed'
      return `${name}: with ${crowd.clients} clients ${share.toFixed(2)} of the best. Wanted: more than ${WANTED_SHARE} (${met}).`
    }),
    'Each client asks, is answered, and asks again; after a 503 it waits as Retry-After says. A request has 5 s.',
    'The store runs for 10 ms of each 300, as on a disk or a processor that others keep busy.',
  ]
  const columns = ['Server', 'Asks to', 'Clients', 'Done/s', 'To best', '503/s', 'Others', 'p50 ms', 'p99 ms', 'Longest gap ms']
  return { columns, rows, findings }
}

export default { name: 'overload', title: 'goodput with 500 clients on a slow store, to its best', run }

import { randomBytes } from 'node:crypto'
import {
  dropDatabase,
  dropKeyspace,
  type Engine,
  type OnProgress,
  startCassandra,
  startMongo,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { curvesBySize } from '@threshold/lab-kit/picture'
import {
  type FilledChannel,
  fillChannel,
  PAGE,
  type StageAddresses,
} from './src/history/channel.ts'
import { compactMessages } from './src/history/compact.ts'
import { type HistoryResult, type HistorySample, historyRounds } from './src/history/rounds.ts'
import { median } from './src/measure.ts'
import { saveReport } from './src/report.ts'

const SIZES = [10_000, 100_000, 1_000_000] as const
/** Three years make a hundred and ten buckets of ten days. */
const HISTORY = { days: 1_095, characters: 120 } as const
const EFFORT = { rounds: 3, pages: 400 } as const
const HEAP_MB = 512

const wholeNumber = (n: number): string => n.toLocaleString('en')

/** Measures a page of fifty in channels of ten thousand to a million messages. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const cassandra = use.use(await startCassandra({ prefer: 'lab', heapMb: HEAP_MB, onProgress }))
  const [node] = cassandra.nodes()
  const channels: FilledChannel[] = []
  for (const messages of SIZES) {
    for (const addresses of stageAddresses(use, mongo, cassandra)) {
      const text = `writing ${wholeNumber(messages)} messages through stage ${addresses.stage}`
      channels.push(
        use.use(
          await fillChannel(addresses, { messages, ...HISTORY }, (done) =>
            onProgress({ text, done, total: messages }),
          ),
        ),
      )
    }
  }
  onProgress({ text: 'compacting Cassandra’s files' })
  for (const { keyspace } of channels)
    if (keyspace !== undefined && node) await compactMessages(node, keyspace)
  const measured = await historyRounds(channels, node, EFFORT, onProgress)
  const title = `A page of ${PAGE} in a channel of ${wholeNumber(SIZES[0])} to ${wholeNumber(SIZES.at(-1)!)} messages`
  const engine = `${cassandra.label.text}, one node; ${mongo.label.text}`
  const missing =
    mongo.label.standIn === undefined
      ? []
      : [
          `MongoDB was not measured: ${mongo.label.product} is a stand-in, and its pages cost more in a longer channel, unlike MongoDB's.`,
        ]
  const { findings, ...described } = describe(measured)
  return await saveReport(
    {
      name: 'history',
      title,
      engine,
      samples: measured.samples,
      ...described,
      findings: [...findings, ...missing],
    },
    options,
  )
}

/** Each stage gets databases of its own. Stage 1 is left out if MongoDB is only a stand-in. */
function stageAddresses(
  use: AsyncDisposableStack,
  mongo: Engine,
  cassandra: Engine,
): StageAddresses[] {
  const name = `bench_${randomBytes(4).toString('hex')}`
  const [first, second] = [`${name}_1`, `${name}_2`]
  const onCassandra = {
    stage: 2,
    mongodb: withDatabase(mongo.uri, second),
    cassandra: withKeyspace(cassandra.uri, name),
    enginePid: cassandra.pid,
  }
  use.defer(() => dropKeyspace(cassandra.uri, name))
  for (const database of [first, second]) use.defer(() => dropDatabase(mongo.uri, database))
  if (mongo.label.standIn !== undefined) return [onCassandra]
  return [onCassandra, { stage: 1, mongodb: withDatabase(mongo.uri, first), enginePid: mongo.pid }]
}

const WORDS = { newest: 'newest', random: 'before a random moment' } as const
const KINDS = ['newest', 'random'] as const

export function describe({ samples, reads }: HistoryResult) {
  const names = [...new Set(samples.map(({ name }) => name))]
  const sizes = [...new Set(samples.map(({ messages }) => messages))]
  const medianOf = (
    name: string,
    at: 'newest' | 'random',
    messages: number,
    read: (sample: HistorySample) => number,
  ): number =>
    median(
      samples.filter(
        (sample) => sample.name === name && sample.at === at && sample.messages === messages,
      ),
      read,
    )
  const lines = names.flatMap((name) => KINDS.map((at) => ({ name, at })))
  const rows = lines.flatMap(({ name, at }) =>
    sizes.map((messages) => {
      const medianFor = (read: (sample: HistorySample) => number): number =>
        medianOf(name, at, messages, read)
      return [
        name,
        WORDS[at],
        wholeNumber(messages),
        medianFor(({ p50 }) => p50).toFixed(1),
        medianFor(({ p99 }) => p99).toFixed(1),
        (medianFor(({ p50 }) => p50) / medianOf(name, at, sizes[0]!, ({ p50 }) => p50)).toFixed(2),
        medianFor(({ statements }) => statements).toFixed(1),
        known(medianFor(({ stageCpuMs }) => stageCpuMs)),
        known(medianFor(({ engineCpuMs }) => engineCpuMs)),
      ]
    }),
  )
  const largest = sizes.at(-1)!
  const grows = lines.map(({ name, at }) => {
    const ratio =
      medianOf(name, at, largest, ({ p50 }) => p50) /
      medianOf(name, at, sizes[0]!, ({ p50 }) => p50)
    return `${name}, ${WORDS[at]}: ${(largest / sizes[0]!).toFixed(0)} times as many messages take ${ratio.toFixed(2)} times as long per page (p50).`
  })
  const counters = [...reads].map(
    ([messages, { sstablesP50, sstablesP99, readP50Ms, readP99Ms }]) => {
      const files = `${sstablesP50.toFixed(0)} (p99 ${sstablesP99.toFixed(0)}) sstables per read`
      return `Cassandra's own counters for ${wholeNumber(messages)} messages: ${files}, ${readP50Ms.toFixed(2)} ms (p99 ${readP99Ms.toFixed(2)}) in the node.`
    },
  )
  const findings = [
    ...grows,
    ...counters,
    'Pages are read one after the other through the stage’s API. The time runs from the request to the last byte and includes permissions and JSON.',
    'One statement per page lists the channel’s buckets. The others read buckets until the page is full, which takes more statements in a quiet channel.',
    ...(reads.size === 0
      ? []
      : [
          'Cassandra’s files were flushed and compacted first, since the import wrote all days at once, unlike a real channel.',
        ]),
  ]
  const columns = [
    'Server',
    'Page',
    'Messages',
    'p50 ms',
    'p99 ms',
    `To ${wholeNumber(sizes[0]!)}`,
    'Statements per page',
    'Stage CPU ms',
    'Engine CPU ms',
  ]
  const curves = lines.flatMap(({ name, at }, color) =>
    (['p50', 'p99'] as const).map((which) => ({
      name: `${names.length > 1 ? `${name}, ` : ''}${at}, ${which}`,
      color,
      dashed: which === 'p99',
      points: sizes.map(
        (messages) => [messages, medianOf(name, at, messages, (sample) => sample[which])] as const,
      ),
    })),
  )
  const svg = curvesBySize({ x: 'messages in the channel', y: `ms for a page of ${PAGE}` }, curves)
  return {
    columns,
    rows,
    findings,
    picture: { svg, label: `Milliseconds for a page of ${PAGE}, by the size of the channel` },
  }
}

const known = (ms: number): string => (Number.isNaN(ms) ? 'unknown' : ms.toFixed(2))

export default {
  name: 'history',
  title: `a page of ${PAGE} in channels of 10,000, 100,000 and 1,000,000 messages`,
  run,
}

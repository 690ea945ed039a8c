import { randomBytes } from 'node:crypto'
import {
  dropDatabase,
  dropKeyspace,
  type OnProgress,
  startCassandra,
  startMongo,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { type BackfillResult, type BackfillSample, backfillRounds } from './src/backfill/rounds.ts'
import { COPY, MIGRATOR, SEQUENTIAL } from './src/backfill/writers.ts'
import { median } from './src/measure.ts'
import { saveReport } from './src/report.ts'

/** A year of many channels, whose messages are interleaved by time. */
const SIZE = { channels: 100, messages: 1_000, days: 365, characters: 120 } as const
const ROWS = SIZE.channels * SIZE.messages
const EFFORT = { rounds: 3, warmUps: 2 } as const
const HEAP_MB = 512

/** Measures a backfill from MongoDB into Cassandra: the migrator beside its alternatives. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const cassandra = use.use(await startCassandra({ prefer: 'lab', heapMb: HEAP_MB, onProgress }))
  // A unique name, since an external engine may still have the keyspace of an earlier run.
  const keyspace = `bench_${randomBytes(4).toString('hex')}`
  const uri = withKeyspace(cassandra.uri, keyspace)
  use.defer(() => dropKeyspace(uri, keyspace))
  use.defer(() => dropDatabase(mongo.uri, keyspace))
  const databases = {
    mongodb: withDatabase(mongo.uri, keyspace),
    cassandra: uri,
    cassandraPid: cassandra.pid,
  }
  const measured = await backfillRounds(databases, SIZE, EFFORT, onProgress)
  const engine = `${cassandra.label.text}, one node, batch commit log; from ${mongo.label.text}`
  const title = `${ROWS.toLocaleString('en')} messages from MongoDB to Cassandra`
  return await saveReport(
    { name: 'backfill', title, engine, samples: measured.samples, ...describe(measured) },
    options,
  )
}

const perMillion = (seconds: number, rows: number): number => (seconds / rows) * 1_000_000

export function describe({ samples, noCopy, exportSeconds }: BackfillResult) {
  const names = [...new Set(samples.map(({ name }) => name))]
  const medianOf = (name: string, read: (sample: BackfillSample) => number): number =>
    median(
      samples.filter((sample) => sample.name === name),
      read,
    )
  const speed = (name: string): number =>
    medianOf(name, ({ rows, copySeconds }) => rows / copySeconds)
  const rounded = (n: number): string => Math.round(n).toLocaleString('en')
  const rows = names.map((name) => [
    name,
    rounded(speed(name)),
    (speed(name) / speed(MIGRATOR)).toFixed(2),
    medianOf(name, ({ seconds }) => seconds).toFixed(1),
    medianOf(name, ({ cpuSeconds, rows: count }) => perMillion(cpuSeconds, count)).toFixed(0),
    engineCpu(
      medianOf(name, (sample) => perMillion(sample.engineCpuSeconds ?? Number.NaN, sample.rows)),
    ),
    samples.every((sample) => sample.name !== name || sample.withOriginalTime === sample.rows)
      ? 'yes'
      : 'no',
  ])
  const others = names.filter((name) => name !== MIGRATOR)
  const times = (name: string): string => (speed(MIGRATOR) / speed(name)).toFixed(2)
  const faster = others.filter((name) => speed(name) > speed(MIGRATOR))
  const [first] = samples
  const findings = [
    `Rows per second of the migrator: ${others.map((name) => `${times(name)} times ${name}`).join(', ')}.`,
    faster.length === 0
      ? 'No other writer is faster than the migrator.'
      : `The migrator loses to ${faster.join(' and ')}.`,
    `Target: at least as fast as ${COPY} (${names.includes(COPY) ? met(speed(MIGRATOR) >= speed(COPY)) : 'not measured'}), and at least three times ${SEQUENTIAL} (${met(speed(MIGRATOR) >= 3 * speed(SEQUENTIAL))}).`,
    `The migrator uses ${medianOf(MIGRATOR, ({ cpuSeconds, rows: count }) => perMillion(cpuSeconds, count)).toFixed(0)} seconds of CPU per million rows, including its start and its reads.`,
    ...(noCopy === undefined ? [] : [`${COPY} was not measured: ${noCopy}.`]),
    ...(exportSeconds === undefined
      ? []
      : [
          `${COPY} reads a file and cannot set write times, so it suits only stores without concurrent writes. The export of its file from MongoDB took another ${exportSeconds.toFixed(1)} s, which does not count; the others read from MongoDB directly.`,
        ]),
    `Each wrote the same ${rounded(first?.rows ?? 0)} rows in ${rounded(first?.buckets ?? 0)} buckets into a keyspace of its own, and all columns were compared. Cassandra acknowledges every write once it is on disk.`,
    'Rows per second count from the first row to the last, as each writer reports them; seconds and CPU are those of the whole process. Only the migrator keeps checkpoints and continues from them after a kill.',
  ]
  const columns = [
    'Writer',
    'Rows/s',
    'Ratio to the migrator',
    'Whole process s',
    'CPU s per million rows',
    'Cassandra’s',
    'Write times kept',
  ]
  return { columns, rows, findings }
}

const met = (reached: boolean): string => (reached ? 'reached' : 'missed')
const engineCpu = (seconds: number): string =>
  Number.isNaN(seconds) ? 'unknown' : seconds.toFixed(0)

export default {
  name: 'backfill',
  title: `${ROWS.toLocaleString('en')} messages from MongoDB to Cassandra: the migrator, COPY FROM, two loops`,
  run,
}

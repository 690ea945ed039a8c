import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropKeyspace, type OnProgress, parseCassandraUri, withKeyspace } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { processCpuSeconds } from '@threshold/lab-kit'
import { exportCsv } from './csv.ts'
import { readContents, type TableContents } from './digest.ts'
import { copySchema } from './schema.ts'
import { type DataSize, openSource } from './source.ts'
import {
  copyWriter,
  findCqlsh,
  LOOP,
  loopWriter,
  MIGRATOR,
  migratorWriter,
  SEQUENTIAL,
  type Writer,
  type WriterResult,
} from './writers.ts'

/** One writer in one round. */
export interface BackfillSample extends WriterResult, TableContents {
  readonly name: string
  readonly round: number
  /** Undefined if Cassandra is not a process of this machine. */
  readonly engineCpuSeconds: number | undefined
}

export interface BackfillResult {
  readonly samples: readonly BackfillSample[]
  /** Why COPY FROM was not measured; undefined if it was. */
  readonly noCopy: string | undefined
  /** Duration of the one CSV export that COPY FROM reads in each round. */
  readonly exportSeconds: number | undefined
}

export interface Databases {
  readonly mongodb: string
  /** Includes a keyspace. The keyspaces of the writers are named after it. */
  readonly cassandra: string
  readonly cassandraPid?: number | undefined
}

export interface Effort {
  readonly rounds: number
  /** Runs before the first round that do not count. */
  readonly warmUps: number
}

/** Lets all writers write the same rows, each into a new keyspace that is dropped afterwards. */
export async function backfillRounds(
  databases: Databases,
  size: DataSize,
  { rounds, warmUps }: Effort,
  onProgress: OnProgress,
): Promise<BackfillResult> {
  await using use = new AsyncDisposableStack()
  const source = use.use(await openSource(databases, size, onProgress))
  const writers: Writer[] = [
    migratorWriter(source),
    loopWriter(source, LOOP),
    loopWriter(source, SEQUENTIAL),
  ]
  const cqlsh = await findCqlsh(onProgress)
  let exportSeconds: number | undefined
  if (typeof cqlsh !== 'string') {
    const folder = await mkdtemp(join(tmpdir(), 'threshold-bench-csv-'))
    use.defer(() => rm(folder, { recursive: true, force: true }))
    onProgress({ text: 'writing the CSV for COPY FROM' })
    const exported = await exportCsv(source.mongodb, source.bucketDays, folder)
    exportSeconds = exported.seconds
    writers.splice(1, 0, copyWriter(cqlsh, exported))
  }
  // A JVM that has just started is slow, so the first writer would be at a disadvantage. The two
  // warm-ups cover single rows and batches.
  for (const [i, writer] of [loopWriter(source, LOOP), migratorWriter(source)]
    .slice(0, warmUps)
    .entries())
    await measureWriter(writer, `w${i}`, (text) =>
      onProgress({ text: `warming up, ${writer.name}: ${text}` }),
    )
  const samples: BackfillSample[] = []
  for (let round = 0; round < rounds; round++) {
    // The order rotates, so that each writer follows each other sample.
    const order = writers.map((_, i) => writers[(i + round) % writers.length]!)
    for (const [i, writer] of order.entries()) {
      const done = round * writers.length + i
      const report = (text: string): void =>
        onProgress({ text: `${writer.name}: ${text}`, done, total: rounds * writers.length })
      samples.push({
        ...(await measureWriter(writer, `r${round}_${i}`, report)),
        name: writer.name,
        round,
      })
    }
  }
  requireSameRows(samples, source.rows)
  return { samples, noCopy: typeof cqlsh === 'string' ? cqlsh : undefined, exportSeconds }

  async function measureWriter(writer: Writer, suffix: string, report: (text: string) => void) {
    const keyspace = `${parseCassandraUri(databases.cassandra).keyspace}_${suffix}`
    const uri = withKeyspace(databases.cassandra, keyspace)
    try {
      report('creating the keyspace')
      await copySchema(databases.cassandra, keyspace)
      if (writer.name === MIGRATOR) await source.restartDualWrite(uri)
      const before = await cpuOf(databases.cassandraPid)
      const answer = await writer.write(uri, report)
      const after = await cpuOf(databases.cassandraPid)
      report('checking the rows')
      const engineCpuSeconds =
        before === undefined || after === undefined ? undefined : after - before
      return { ...answer, ...(await readContents(uri)), engineCpuSeconds }
    } finally {
      await dropKeyspace(uri, keyspace)
    }
  }
}

const cpuOf = async (pid: number | undefined): Promise<number | undefined> =>
  pid === undefined ? undefined : await processCpuSeconds(pid)

/** Writers are comparable only if they left the same rows. */
function requireSameRows(samples: readonly BackfillSample[], rows: number): void {
  const [first] = samples
  const different = samples.find(
    (sample) =>
      sample.rows !== rows || sample.digest !== first?.digest || sample.buckets !== first.buckets,
  )
  if (different === undefined) return
  const why = `the rows of ${different.name} differ from the others: ${different.rows} rows in ${different.buckets} buckets, and ${rows} were expected`
  throw new CodedError('BENCH_FAILED', why)
}

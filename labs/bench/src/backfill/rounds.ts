import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropKeyspace, type OnProgress, parseCassandraUri, withKeyspace } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { processCpuSeconds } from '@threshold/lab-kit'
import { exportCsv } from './csv.ts'
import { digest, type TableContents } from './digest.ts'
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
  type WriterAnswer,
} from './writers.ts'

/** One contestant, once. */
export interface BackfillSample extends WriterAnswer, TableContents {
  readonly name: string
  readonly round: number
  /** Undefined where Cassandra is no process of ours. */
  readonly engineCpuSeconds: number | undefined
}

export interface BackfillResult {
  readonly samples: readonly BackfillSample[]
  /** Why COPY FROM is not among them; undefined where it is. */
  readonly noCopy: string | undefined
  /** What writing the CSV took, once, that COPY FROM reads each time. */
  readonly exportSeconds: number | undefined
}

export interface Databases {
  readonly mongodb: string
  /** With a keyspace, whose name others are derived from. */
  readonly cassandra: string
  readonly cassandraPid?: number | undefined
}

export interface Effort {
  readonly rounds: number
  /** Visits before the first round that do not count. */
  readonly warmUps: number
}

/**
 * All contestants write the same rows, each time into a keyspace of their own, which is dropped
 * before the next begins.
 */
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
  // A JVM that has just started compiles what it runs: who came first would pay for it. One writes
  // rows, the other batches.
  for (const [i, writer] of [loopWriter(source, LOOP), migratorWriter(source)]
    .slice(0, warmUps)
    .entries())
    await measureWriter(writer, `w${i}`, (text) =>
      onProgress({ text: `warming up, ${writer.name}: ${text}` }),
    )
  const samples: BackfillSample[] = []
  for (let round = 0; round < rounds; round++) {
    // Another begins each time: whatever the one before leaves behind in the engine, it leaves to
    // all of them in turn.
    const order = writers.map((_, i) => writers[(i + round) % writers.length]!)
    for (const [i, writer] of order.entries()) {
      const done = round * writers.length + i
      const tell = (text: string): void =>
        onProgress({ text: `${writer.name}: ${text}`, done, total: rounds * writers.length })
      samples.push({
        ...(await measureWriter(writer, `r${round}_${i}`, tell)),
        name: writer.name,
        round,
      })
    }
  }
  requireSameRows(samples, source.rows)
  return { samples, noCopy: typeof cqlsh === 'string' ? cqlsh : undefined, exportSeconds }

  async function measureWriter(writer: Writer, suffix: string, tell: (text: string) => void) {
    const keyspace = `${parseCassandraUri(databases.cassandra).keyspace}_${suffix}`
    const uri = withKeyspace(databases.cassandra, keyspace)
    try {
      tell('making the keyspace')
      await copySchema(databases.cassandra, keyspace)
      if (writer.name === MIGRATOR) await source.restartDualWrite(uri)
      const before = await cpuOf(databases.cassandraPid)
      const answer = await writer.write(uri, tell)
      const after = await cpuOf(databases.cassandraPid)
      tell('looking at what it wrote')
      const engineCpuSeconds =
        before === undefined || after === undefined ? undefined : after - before
      return { ...answer, ...(await digest(uri)), engineCpuSeconds }
    } finally {
      await dropKeyspace(uri, keyspace)
    }
  }
}

const cpuOf = async (pid: number | undefined): Promise<number | undefined> =>
  pid === undefined ? undefined : await processCpuSeconds(pid)

/** Figures of contestants who did not do the same work would be no comparison. */
function requireSameRows(samples: readonly BackfillSample[], rows: number): void {
  const [first] = samples
  const odd = samples.find(
    (one) =>
      one.rows !== rows ||
      one.readContents !== first?.readContents ||
      one.buckets !== first.buckets,
  )
  if (odd === undefined) return
  const why = `${odd.name} left ${odd.rows} rows in ${odd.buckets} buckets, not the same ${rows} as the others`
  throw new CodedError('BENCH_FAILED', why)
}

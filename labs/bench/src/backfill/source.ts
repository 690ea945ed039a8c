import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listStages, type OnProgress, startStage } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { createGuild, fillHistory } from '../api.ts'
import { type Metered, meteredNode } from '../metered.ts'
import { countRows } from './rows.ts'

/** The amount of data to migrate. */
export interface DataSize {
  readonly channels: number
  /** Messages per channel. */
  readonly messages: number
  readonly days: number
  readonly characters: number
}

/** Stage 2 before its migration: its messages are on MongoDB, and it obeys a migrator. */
export interface Source extends AsyncDisposable {
  readonly mongodb: string
  readonly rows: number
  /** Days per bucket: the default of the stage and the migrator. */
  readonly bucketDays: number
  /** Starts the dual write into this keyspace from scratch, and forgets earlier copies. */
  restartDualWrite(cassandra: string): Promise<void>
  /** Runs the real step, as `threshold migrate` does. */
  backfill(cassandra: string, onLine: (line: string) => void): Promise<Metered>
}

/** The stage that the messages are migrated in. */
const STAGE = 2
const BUCKET_DAYS = 10

export async function openSource(
  uris: { mongodb: string; cassandra: string },
  size: DataSize,
  onProgress: OnProgress,
): Promise<Source> {
  await using opened = new AsyncDisposableStack()
  const { mongodb } = uris
  const stage = opened.use(
    await startStage({
      stage: STAGE,
      engineUri: mongodb,
      cassandraUri: uris.cassandra,
      env: {
        THRESHOLD_MESSAGES_ON: 'mongodb',
        THRESHOLD_LOG_LEVEL: 'warn',
        THRESHOLD_RATE_REQUESTS: '1000000',
      },
    }),
  )
  const { token, channels } = await createGuild(stage.url, size.channels)
  const total = size.channels * size.messages
  await fillHistory(stage.url, token, { ...size, channels }, (done) =>
    onProgress({ text: 'writing messages into MongoDB', done, total }),
  )
  const folder = await mkdtemp(join(tmpdir(), 'threshold-bench-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const program = await migratorProgram()
  let started = false
  const step = (
    name: string,
    cassandra: string,
    onLine?: (line: string) => void,
  ): Promise<Metered> =>
    meteredNode({
      args: [program, name, '--checkpoints', folder],
      env: {
        THRESHOLD_MONGODB_URI: mongodb,
        THRESHOLD_CASSANDRA_URI: cassandra,
        THRESHOLD_BUCKET_DAYS: String(BUCKET_DAYS),
      },
      ...(onLine === undefined ? {} : { onLine }),
    })
  const closing = opened.move()
  return {
    mongodb,
    rows: await countRows(mongodb),
    bucketDays: BUCKET_DAYS,
    async restartDualWrite(cassandra) {
      if (started) await step('rollback', cassandra)
      await step('dual-write', cassandra)
      started = true
    },
    backfill: (cassandra, onLine) => step('backfill', cassandra, onLine),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function migratorProgram(): Promise<string> {
  const stage = (await listStages()).find((info) => info.stage === STAGE)
  if (stage === undefined)
    throw new CodedError('NO_SUCH_STAGE', `there is no stage ${STAGE}`, {
      next: 'npx threshold stages list',
    })
  return join(stage.dir, 'src', 'migration', 'main.ts')
}

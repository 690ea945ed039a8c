import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  dropDatabase,
  dropIndexes,
  dropKeyspace,
  type Engine,
  type NatsEngine,
  type OnProgress,
  roleUsers,
  type StageInfo,
  type StageProcess,
  type StartMongoOptions,
  startCassandra,
  startMongo,
  startNats,
  startOpenSearch,
  startStage,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { Interrupted } from './errors.ts'
import { unlessInterrupted } from './interruption.ts'
import type { Terminal } from './terminal.ts'

export interface RunStageOptions {
  readonly stage: StageInfo
  readonly port?: number | undefined
  readonly engine?: StartMongoOptions['provider']
  /** Where stage 3 has its search index. Default: in a file. */
  readonly search?: 'sqlite' | 'opensearch' | undefined
  /** The number of processes of a role, where it is not the usual one. */
  readonly processes?: Readonly<Record<string, number>> | undefined
  /** Variables to set for the stage, besides those it inherits from this process. */
  readonly env: Record<string, string>
  readonly onOutput?: ((text: string) => void) | undefined
}

/** A stage with its engines. Disposing of it closes the stage first. */
export interface StageWithEngines extends AsyncDisposable {
  /** The labels of its engines, joined into one line. */
  readonly engineLabels: string
  readonly stage: StageProcess
  /**
   * Resolves with the reason when the stage exits or a local engine process dies; rejects when
   * interrupted. It does not notice the end of a container or of the user's own engine.
   */
  ended(interrupted: AbortSignal): Promise<string>
}

const POLL_MS = 200

/**
 * Starts the stage's engines and then the stage, on a database name that nothing else uses. The
 * stage creates the database.
 */
export async function runStage(
  options: RunStageOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<StageWithEngines> {
  const { stage: stageInfo, port, processes, env, onOutput } = options
  await using startup = new AsyncDisposableStack()
  using progress = terminal.progress('starting MongoDB')
  const name = `threshold_${randomBytes(6).toString('hex')}`
  const startUnlessInterrupted = <T>(start: (onProgress: OnProgress) => Promise<T>): Promise<T> =>
    unlessInterrupted(interrupted, start(progress.step))

  const mongo = startup.use(
    await startUnlessInterrupted((onProgress) =>
      startMongo({ provider: options.engine, onProgress }),
    ),
  )
  // An engine that we started loses its data when it ends. The user's own engine keeps
  // running, so only our database is dropped there.
  if (mongo.label.provider === 'external') startup.defer(() => dropDatabase(mongo.uri, name))
  const engines: Engine[] = [mongo]
  let cassandraUri: string | undefined
  if (stageInfo.engines.includes('cassandra')) {
    const cassandra = startup.use(
      await startUnlessInterrupted((onProgress) =>
        startCassandra({ provider: options.engine, onProgress }),
      ),
    )
    if (cassandra.label.provider === 'external')
      startup.defer(() => dropKeyspace(cassandra.uri, name))
    engines.push(cassandra)
    cassandraUri = withKeyspace(cassandra.uri, name)
  }

  let nats: NatsEngine | undefined
  if (stageInfo.engines.includes('nats')) {
    const users = await roleUsers(stageInfo.dir)
    nats = startup.use(
      await startUnlessInterrupted((onProgress) =>
        startNats({ provider: options.engine, users, onProgress }),
      ),
    )
    engines.push(nats)
  }

  let openSearchUri: string | undefined
  if (options.search === 'opensearch') {
    const openSearch = startup.use(
      await startUnlessInterrupted((onProgress) =>
        startOpenSearch({ provider: options.engine, onProgress }),
      ),
    )
    engines.push(openSearch)
    const uri = `${openSearch.uri.replace(/\/$/, '')}/${name}`
    if (openSearch.label.provider === 'external') startup.defer(() => dropIndexes(uri))
    openSearchUri = uri
  }

  const labels = engines.map(({ label }) => label.text).join(' and ')
  progress.step({ text: `starting stage ${stageInfo.stage} on ${labels}` })
  const starting = startStage({
    stage: stageInfo.stage,
    engineUri: withDatabase(mongo.uri, name),
    env,
    ...(cassandraUri === undefined ? {} : { cassandraUri }),
    ...(nats === undefined ? {} : { nats }),
    ...(openSearchUri === undefined ? {} : { openSearchUri }),
    ...(processes === undefined ? {} : { processes }),
    ...(port === undefined ? {} : { port }),
    ...(onOutput === undefined ? {} : { onOutput }),
  })
  const stage = startup.use(await unlessInterrupted(interrupted, starting))
  const owned = startup.move()
  return {
    engineLabels: labels,
    stage: stage,
    async ended(interrupted) {
      for (;;) {
        const reason = stage.exitReason()
        if (reason !== undefined) return `stage ${stage.stage} ended: ${reason}`
        const died = engines.find((engine) => engine.state() === 'died')
        if (died !== undefined) return `the engine ended: ${died.label.text}`
        await delay(POLL_MS, undefined, { signal: interrupted }).catch(() =>
          interrupted.throwIfAborted(),
        )
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/**
 * Returns when interrupted, which is how a stage in the foreground normally ends. Throws
 * STAGE_ENDED, with the last lines of its log, when the stage or an engine ends by itself.
 */
export async function untilInterrupted(
  stage: StageWithEngines,
  interrupted: AbortSignal,
): Promise<void> {
  try {
    const reason = await stage.ended(interrupted)
    const log = stage.stage.tail().trim().split('\n').slice(-10)
    throw new CodedError('STAGE_ENDED', [reason, ...log.map((line) => `  ${line}`)].join('\n'), {
      next: 'npx threshold reset',
    })
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
}

/**
 * Splits the stage's output into lines and forwards all but its ready line: the command prints one
 * itself, when its own setup is complete. Text after the last line break waits for the rest of its
 * line.
 */
export function forwardLog(write: (line: string) => void): (text: string) => void {
  let unfinishedLine = ''
  return (text) => {
    const lines = (unfinishedLine + text).split('\n')
    unfinishedLine = lines.pop() ?? ''
    for (const line of lines) if (!line.startsWith('ready http')) write(line)
  }
}

/** Discord's heartbeat interval. `startStage` has a shorter one by default, for tests. */
const HEARTBEAT_MS = 41_250

/**
 * Variables for which `startStage` sets a value of its own, which a user's value must replace. The
 * stage inherits all other variables anyway.
 */
const USER_MAY_OVERRIDE = [
  'THRESHOLD_TOKEN_SECRET',
  'THRESHOLD_PROVISIONING',
  'THRESHOLD_PUBLIC_URL',
  'THRESHOLD_GATEWAY_URL',
  'THRESHOLD_HOSTS',
  'THRESHOLD_ORIGINS',
  'THRESHOLD_TRUSTED_PROXIES',
]

/**
 * The environment of a stage that a user runs: Discord's heartbeat interval unless one is given,
 * and the user's values of the variables above. An empty value counts as not set.
 */
export function stageEnvironment(
  heartbeatMs: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const forwarded = USER_MAY_OVERRIDE.flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return {
    THRESHOLD_HEARTBEAT_MS: String(heartbeatMs ?? (env.THRESHOLD_HEARTBEAT_MS || HEARTBEAT_MS)),
    ...Object.fromEntries(forwarded),
  }
}

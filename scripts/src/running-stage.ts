import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  dropDatabase,
  dropKeyspace,
  type Engine,
  type OnProgress,
  type StageInfo,
  type StageProcess,
  type StartMongoOptions,
  startCassandra,
  startMongo,
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
  /** Variables to set for the stage, besides those it inherits from this process. */
  readonly env: Record<string, string>
  readonly onOutput?: ((text: string) => void) | undefined
}

/** A stage with its engines. Disposing of it closes the stage first. */
export interface RunningStage extends AsyncDisposable {
  /** The labels of its engines, joined into one line. */
  readonly engines: string
  readonly process: StageProcess
  /** Resolves with the reason when the stage or an engine ends; rejects when interrupted. */
  ended(interrupted: AbortSignal): Promise<string>
}

const POLL_MS = 200

/** Starts the stage's engines, creates an empty database on each, and starts the stage. */
export async function runStage(
  options: RunStageOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<RunningStage> {
  const { stage: info, port, env, onOutput } = options
  await using opened = new AsyncDisposableStack()
  using progress = terminal.progress('starting MongoDB')
  const name = `threshold_${randomBytes(6).toString('hex')}`
  const open = <T>(start: (onProgress: OnProgress) => Promise<T>): Promise<T> =>
    unlessInterrupted(interrupted, start(progress.step))

  const mongo = opened.use(
    await open((onProgress) => startMongo({ provider: options.engine, onProgress })),
  )
  // An engine that we started loses its data when it ends. The user's own engine is cleaned up.
  if (mongo.label.provider === 'external') opened.defer(() => dropDatabase(mongo.uri, name))
  const engines: Engine[] = [mongo]
  let cassandraUri: string | undefined
  if (info.engines.includes('cassandra')) {
    const cassandra = opened.use(
      await open((onProgress) => startCassandra({ provider: options.engine, onProgress })),
    )
    if (cassandra.label.provider === 'external')
      opened.defer(() => dropKeyspace(cassandra.uri, name))
    engines.push(cassandra)
    cassandraUri = withKeyspace(cassandra.uri, name)
  }

  const labels = engines.map(({ label }) => label.text).join(' and ')
  progress.step({ text: `starting stage ${info.stage} on ${labels}` })
  const starting = startStage({
    stage: info.stage,
    engineUri: withDatabase(mongo.uri, name),
    env,
    ...(cassandraUri === undefined ? {} : { cassandraUri }),
    ...(port === undefined ? {} : { port }),
    ...(onOutput === undefined ? {} : { onOutput }),
  })
  const stage = opened.use(await unlessInterrupted(interrupted, starting))
  const resources = opened.move()
  return {
    engines: labels,
    process: stage,
    async ended(signal) {
      for (;;) {
        const reason = stage.exitReason()
        if (reason !== undefined) return `stage ${stage.stage} ended: ${reason}`
        const died = engines.find((engine) => engine.state() === 'died')
        if (died !== undefined) return `the engine ended: ${died.label.text}`
        await delay(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/**
 * Returns when interrupted, which is how a stage in the foreground normally ends. Throws
 * STAGE_ENDED, with the last lines of its log, when the stage or an engine ends by itself.
 */
export async function untilInterrupted(
  stage: RunningStage,
  interrupted: AbortSignal,
): Promise<void> {
  try {
    const reason = await stage.ended(interrupted)
    const log = stage.process.tail().trim().split('\n').slice(-10)
    throw new CodedError('STAGE_ENDED', [reason, ...log.map((line) => `  ${line}`)].join('\n'), {
      next: 'npx threshold reset',
    })
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
}

/**
 * Splits the stage's output into lines and forwards all but its ready line: the command prints one
 * itself, when its own setup is complete.
 */
export function forwardLog(write: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (!line.startsWith('ready http')) write(line)
  }
}

/** Discord's heartbeat interval. `startStage` has a shorter one by default, for tests. */
const HEARTBEAT_MS = 41_250

const FORWARDED = [
  'THRESHOLD_TOKEN_SECRET',
  'THRESHOLD_PROVISIONING',
  'THRESHOLD_PUBLIC_URL',
  'THRESHOLD_HOSTS',
  'THRESHOLD_TRUSTED_PROXIES',
]

/** The variables that a user set, which take precedence over the defaults of `startStage`. */
export function stageEnvironment(
  heartbeatMs: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const forwarded = FORWARDED.flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return {
    THRESHOLD_HEARTBEAT_MS: String(heartbeatMs ?? (env.THRESHOLD_HEARTBEAT_MS || HEARTBEAT_MS)),
    ...Object.fromEntries(forwarded),
  }
}

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
import { unlessInterrupted } from './interruption.ts'
import type { Terminal } from './terminal.ts'

export interface ServeOptions {
  readonly stage: StageInfo
  readonly port?: number | undefined
  readonly engine?: StartMongoOptions['provider']
  /**
   * What of the stage's configuration is set by hand; the rest of the environment is its own
   * anyway.
   */
  readonly env: Record<string, string>
  readonly onOutput?: ((text: string) => void) | undefined
}

export interface Served extends AsyncDisposable {
  /** What it stands on, in one line. */
  readonly engines: string
  readonly process: StageProcess
  /**
   * Resolves with the reason when the stage or an engine of it is gone; rejects when interrupted.
   */
  gone(interrupted: AbortSignal): Promise<string>
}

const LOOK_EVERY_MS = 200

/**
 * The engines that a stage names, an empty database on each, and the stage; closed in reverse
 * order.
 */
export async function serve(
  options: ServeOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<Served> {
  const { stage: info, port, env, onOutput } = options
  await using opened = new AsyncDisposableStack()
  using progress = terminal.progress('starting MongoDB')
  const name = `threshold_${randomBytes(6).toString('hex')}`
  const open = <T>(start: (onProgress: OnProgress) => Promise<T>): Promise<T> =>
    unlessInterrupted(interrupted, start(progress.step))

  const mongo = opened.use(
    await open((onProgress) => startMongo({ provider: options.engine, onProgress })),
  )
  // An engine of ours goes with its data; on somebody else's nothing may stay.
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
  const started = startStage({
    stage: info.stage,
    engineUri: withDatabase(mongo.uri, name),
    env,
    ...(cassandraUri === undefined ? {} : { cassandraUri }),
    ...(port === undefined ? {} : { port }),
    ...(onOutput === undefined ? {} : { onOutput }),
  })
  const stage = opened.use(await unlessInterrupted(interrupted, started))
  const closing = opened.move()
  return {
    engines: labels,
    process: stage,
    async gone(signal) {
      for (;;) {
        const ended = stage.ended()
        if (ended !== undefined) return `stage ${stage.stage} ended: ${ended}`
        const died = engines.find((engine) => engine.state() === 'died')
        if (died !== undefined) return `the engine ended: ${died.label.text}`
        await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
      }
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** The stage's log, line by line; its ready line is ours to print, once everything is. */
export function logLines(write: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (!line.startsWith('ready http')) write(line)
  }
}

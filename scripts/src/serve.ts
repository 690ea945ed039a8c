import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  dropDatabase,
  type Engine,
  type StageProcess,
  type StartMongoOptions,
  startMongo,
  startStage,
  withDatabase,
} from '@threshold/engines'
import { unlessInterrupted } from './interruption.ts'
import type { Terminal } from './terminal.ts'

export interface ServeOptions {
  readonly stage: number
  readonly port?: number | undefined
  readonly engine?: StartMongoOptions['provider']
  /** What of the stage's configuration is set by hand; the rest of the environment is its own anyway. */
  readonly env: Record<string, string>
  readonly onOutput?: ((text: string) => void) | undefined
}

export interface Served extends AsyncDisposable {
  readonly engine: Engine
  readonly process: StageProcess
  /** Resolves with the reason when the stage or its engine is gone; rejects when interrupted. */
  gone(interrupted: AbortSignal): Promise<string>
}

const LOOK_EVERY_MS = 200

/** An engine, an empty database on it, and the stage; closed in reverse order. */
export async function serve(options: ServeOptions, terminal: Terminal, interrupted: AbortSignal): Promise<Served> {
  await using opened = new AsyncDisposableStack()
  using progress = terminal.progress('starting MongoDB')
  const engine = opened.use(await unlessInterrupted(interrupted, startMongo({ provider: options.engine, onProgress: progress.step })))
  const database = `threshold_${randomBytes(6).toString('hex')}`
  // An engine of ours goes with its data; on somebody else's nothing may stay.
  if (engine.label.provider === 'external') opened.defer(() => dropDatabase(engine.uri, database))
  progress.step({ text: `starting stage ${options.stage} on ${engine.label.text}` })
  const started = startStage({
    stage: options.stage,
    engineUri: withDatabase(engine.uri, database),
    env: options.env,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
  })
  const stage = opened.use(await unlessInterrupted(interrupted, started))
  const closing = opened.move()
  return {
    engine,
    process: stage,
    async gone(signal) {
      for (;;) {
        const ended = stage.ended()
        if (ended !== undefined) return `stage ${stage.stage} ended: ${ended}`
        if (engine.state() === 'died') return `the engine ended: ${engine.label.text}`
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

import { randomBytes } from 'node:crypto'
import {
  CodedError,
  createLog,
  createRuntime,
  createTelemetry,
  messageOf,
  type Runtime,
} from '@threshold/kit'
import type { Config } from '../config.ts'

/** The part of a stage's configuration that its process needs. */
type ProcessConfig = Pick<Config, 'log' | 'otlpUrl'>

export interface Stage<C extends ProcessConfig> {
  /** Names the process in its log and its traces. */
  readonly name: string
  /** Rejects a bad environment with `BAD_CONFIG`. */
  readonly readConfig: (environment: NodeJS.ProcessEnv) => C
  /** Opens all parts. Resolves when the stage serves. */
  readonly start: (config: C, runtime: Runtime) => Promise<RunningStage>
}

export interface RunningStage {
  readonly url: string
  /** Answers the requests under way, then closes all parts. */
  close(): Promise<void>
}

/** The part of Node's `process` that a stage uses. It is passed in, so only `main.ts` has it. */
type HostProcess = Pick<NodeJS.Process, 'env' | 'exit' | 'once' | 'stdout' | 'stderr'>

/**
 * Runs a stage as this process, until SIGINT or SIGTERM. Prints `ready URL` on stdout when the
 * stage serves; the log goes to stderr. Exit codes: 0 after a signal, 2 for a bad configuration, 1
 * for any other failure to start.
 */
export async function runStage<C extends ProcessConfig>(
  host: HostProcess,
  { name, readConfig, start }: Stage<C>,
): Promise<void> {
  try {
    const config = readConfig(host.env)
    const log = createLog({ name, level: config.log.level })
    const telemetry = createTelemetry({ service: name, otlpUrl: config.otlpUrl })
    const stage = await start(config, createRuntime({ log, telemetry, random: randomBytes }))

    const stop = async (signal: string): Promise<void> => {
      log.info({ signal }, 'closing')
      await stage.close()
      await telemetry[Symbol.asyncDispose]()
      host.exit(0)
    }
    // `once` restores the default, so a second signal ends a stage that hangs while it closes.
    host.once('SIGINT', stop)
    host.once('SIGTERM', stop)
    host.stdout.write(`ready ${stage.url}\n`)
  } catch (error) {
    exitWithError(host, error)
  }
}

/** Prints an error with its code and its hint, and exits: 2 for a bad configuration, otherwise 1. */
export function exitWithError(host: Pick<HostProcess, 'stderr' | 'exit'>, error: unknown): void {
  const { code, next } = error instanceof CodedError ? error : { code: 'ERROR', next: undefined }
  host.stderr.write(`${code}: ${messageOf(error)}${next ? `\n  → ${next}` : ''}\n`)
  host.exit(code === 'BAD_CONFIG' ? 2 : 1)
}

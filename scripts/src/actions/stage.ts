import type { StageInfo } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { StageOptions } from '../commands/stage.ts'
import type { Context } from '../context.ts'
import { Interrupted } from '../failure.ts'
import { interruptible } from '../interruption.ts'
import { MIGRATIONS } from '../migrations.ts'
import { requireStagePorts } from '../preflight.ts'
import { logLines, type Served, serve } from '../serve.ts'
import { findStage } from '../unknown.ts'

/** What Discord's gateway says, and a person at the chat page will not notice. */
const HEARTBEAT_MS = 41_250

export async function stage(
  { terminal }: Context,
  number: string,
  options: StageOptions,
): Promise<void> {
  const info = await findStage(number)
  await requireStagePorts(options.port)
  await interruptible(`stage ${number}`, terminal, async (interrupted) => {
    const { port, engine, heartbeat, migrating } = options
    const env = { ...stageEnvironment(heartbeat), ...(migrating ? startsOnMongo(info) : {}) }
    const onOutput = logLines(terminal.say)
    await using served = await serve(
      { stage: info, port, engine, env, onOutput },
      terminal,
      interrupted,
    )
    const { url } = served.process
    terminal.print(`ready ${url}`)
    terminal.say(
      `stage ${number}, ${info.title}, on ${served.engines}; chat page: ${url}/ ; Ctrl-C ends it`,
    )
    if (migrating)
      terminal.say(
        'messages begin on MongoDB; in another terminal: npx threshold migrate mongo-cassandra plan',
      )
    await untilGone(served, interrupted)
  })
}

function startsOnMongo(info: StageInfo): Record<string, string> {
  const migration = MIGRATIONS.find(({ stage }) => stage === info.stage)
  if (migration?.startsOn === undefined) {
    const which = MIGRATIONS.map(({ stage }) => stage).join(', ')
    throw new CodedError(
      'NO_MIGRATION',
      `nothing moves in stage ${info.stage}; stages with a migration: ${which}`,
      {
        next: 'npx threshold migrate --help',
      },
    )
  }
  return migration.startsOn
}

/**
 * Returns when interrupted, which is how a stage in the foreground is meant to end; throws when it
 * ended by itself.
 */
export async function untilGone(served: Served, interrupted: AbortSignal): Promise<void> {
  try {
    const why = await served.gone(interrupted)
    const lines = served.process.tail().trim().split('\n').slice(-10)
    throw new CodedError('STAGE_ENDED', `${why}\n${lines.map((line) => `  ${line}`).join('\n')}`, {
      next: 'npx threshold reset',
    })
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
}

/** What is set by hand comes before what `startStage` sets for tests. */
export function stageEnvironment(
  heartbeatMs: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const kept = [
    'THRESHOLD_TOKEN_SECRET',
    'THRESHOLD_PROVISIONING',
    'THRESHOLD_PUBLIC_URL',
    'THRESHOLD_HOSTS',
    'THRESHOLD_TRUSTED_PROXIES',
  ].flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return {
    THRESHOLD_HEARTBEAT_MS: String(heartbeatMs ?? (env.THRESHOLD_HEARTBEAT_MS || HEARTBEAT_MS)),
    ...Object.fromEntries(kept),
  }
}

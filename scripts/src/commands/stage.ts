import { listStages } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { Interrupted, interruptible } from '../interruption.ts'
import { unknown } from '../nearest.ts'
import { oneOf, wholeNumber } from '../options.ts'
import { logLines, type Served, serve } from '../serve.ts'

const PROVIDERS = ['external', 'docker', 'native'] as const

/** What Discord's gateway says, and a person at the chat page will not notice. */
const HEARTBEAT_MS = 41_250

interface Options {
  readonly port?: number
  readonly engine?: (typeof PROVIDERS)[number]
  readonly heartbeat?: number
}

export function addStage(program: Command, { terminal, exitWith }: Context): void {
  program
    .command('stage')
    .description('run one stage in the foreground, on an engine of its own, with an empty database')
    .argument('<N>', 'the number of the stage')
    .option('--port <P>', 'where it listens; without it, any free port', wholeNumber(0, 65_535))
    .option(
      '--engine <kind>',
      `where its database comes from: ${PROVIDERS.join(', ')}; without it, the first that can be had`,
      oneOf(PROVIDERS),
    )
    .option('--heartbeat <MS>', 'the heartbeat interval that clients are told, in milliseconds', wholeNumber(100, 600_000))
    .addHelpText(
      'after',
      `
Prints one line on stdout when it serves, "ready http://127.0.0.1:P"; its log goes to stderr. Ctrl-C or SIGTERM closes
the stage and its engine and exits with 0. POST /workshop/users makes users. What the environment says is passed on:
  THRESHOLD_LOG_LEVEL            debug, info, warn, error, silent
  THRESHOLD_NOTIFICATIONS_URL    where mentions and direct messages are pushed to
  THRESHOLD_RATE_REQUESTS, THRESHOLD_RATE_SECONDS    the window of the rate limits
  THRESHOLD_PROVISIONING=off     nobody makes users over HTTP
  THRESHOLD_TOKEN_SECRET         keeps tokens valid from one run to the next
  THRESHOLD_MONGODB_URI          a MongoDB of your own

Examples:
  npx threshold stage 1
  npx threshold stage 1 --port 3000 --engine docker`,
    )
    .action(async (number: string, options: Options) => {
      const stages = await listStages()
      const stage = stages.find((info) => String(info.stage) === number)
      const known = stages.map((info) => String(info.stage))
      if (stage === undefined) throw unknown('UNKNOWN_STAGE', 'stage', number, known, 'npx threshold stages list')
      await interruptible(`stage ${number}`, terminal, async (interrupted) => {
        await using served = await serve(
          {
            stage: stage.stage,
            port: options.port,
            engine: options.engine,
            env: stageEnvironment(options.heartbeat),
            onOutput: logLines(terminal.say),
          },
          terminal,
          interrupted,
        )
        terminal.print(`ready ${served.process.url}`)
        terminal.say(`stage ${number}, ${stage.title}, on ${served.engine.label.text}; chat page: ${served.process.url}/ ; Ctrl-C ends it`)
        await untilGone(served, interrupted)
      })
      exitWith(0)
    })
}

/** Returns when interrupted, which is how a stage in the foreground is meant to end; throws when it ended by itself. */
export async function untilGone(served: Served, interrupted: AbortSignal): Promise<void> {
  try {
    const why = await served.gone(interrupted)
    const lines = served.process.tail().trim().split('\n').slice(-10)
    throw new CodedError('STAGE_ENDED', `${why}\n${lines.map((line) => `  ${line}`).join('\n')}`, { next: 'npx threshold reset' })
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
}

/** What is set by hand comes before what `startStage` sets for tests. */
export function stageEnvironment(heartbeatMs: number | undefined, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept = ['THRESHOLD_TOKEN_SECRET', 'THRESHOLD_PROVISIONING'].flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return { THRESHOLD_HEARTBEAT_MS: String(heartbeatMs ?? (env.THRESHOLD_HEARTBEAT_MS || HEARTBEAT_MS)), ...Object.fromEntries(kept) }
}

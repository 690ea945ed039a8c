import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { oneOf, wholeNumber } from '../options.ts'

const PROVIDERS = ['external', 'docker', 'native'] as const

export interface StageOptions {
  readonly port?: number
  readonly engine?: (typeof PROVIDERS)[number]
  readonly heartbeat?: number
  readonly migrating?: true
}

export function addStage(program: Command, context: Context): void {
  program
    .command('stage')
    .description('run one stage in the foreground, on engines of its own, with an empty database')
    .argument('<N>', 'the number of the stage')
    .option('--port <P>', 'where it listens; without it, any free port', wholeNumber(0, 65_535))
    .option(
      '--engine <kind>',
      `where its databases come from: ${PROVIDERS.join(', ')}; without it, the first that can be had`,
      oneOf(PROVIDERS),
    )
    .option(
      '--heartbeat <MS>',
      'the heartbeat interval that clients are told, in milliseconds',
      wholeNumber(100, 600_000),
    )
    .option(
      '--migrating',
      'stage 2 alone: messages begin on MongoDB, to be moved by "threshold migrate" while the stage serves',
    )
    .addHelpText(
      'after',
      `
Prints one line on stdout when it serves, "ready http://127.0.0.1:P"; its log goes to stderr. Ctrl-C or SIGTERM closes
the stage and its engines and exits with 0. POST /workshop/users makes users. What the environment says is passed on:
  THRESHOLD_LOG_LEVEL            debug, info, warn, error, silent
  THRESHOLD_NOTIFICATIONS_URL    where mentions and direct messages are pushed to
  THRESHOLD_RATE_REQUESTS, THRESHOLD_RATE_SECONDS    the window of the rate limits
  THRESHOLD_PROVISIONING=off     nobody makes users over HTTP
  THRESHOLD_PUBLIC_URL           where clients reach it, such as https://chat.example behind a TLS proxy
  THRESHOLD_HOSTS                other host names of the stage, with commas, such as one that Prometheus scrapes
  THRESHOLD_TRUSTED_PROXIES      addresses or CIDR blocks whose X-Forwarded-Proto and -Host are believed
  THRESHOLD_TOKEN_SECRET         keeps tokens valid from one run to the next
  THRESHOLD_MONGODB_URI          a MongoDB of your own
  THRESHOLD_CASSANDRA_URI        a Cassandra of your own, from stage 2 on: cassandra://host:9042/?dc=datacenter1

Examples:
  npx threshold stage 1
  npx threshold stage 1 --port 3000 --engine docker
  npx threshold stage 2 --migrating`,
    )
    .action(async (number: string, options: StageOptions) => {
      const { stage } = await import('../actions/stage.ts')
      await stage(context, number, options)
    })
}

import type { StageInfo } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { oneOf, wholeNumber } from '../options.ts'

const PROVIDERS = ['external', 'docker', 'native'] as const
const SEARCHES = ['sqlite', 'opensearch'] as const

interface StageOptions {
  readonly port?: number
  readonly engine?: (typeof PROVIDERS)[number]
  readonly heartbeat?: number
  readonly migrating?: true
  readonly gateways?: number
  readonly guilds?: number
  readonly search?: (typeof SEARCHES)[number]
}

export function addStage(program: Command, { terminal }: CommandContext): void {
  program
    .command('stage')
    .description('run one stage in the foreground, on engines of its own, with an empty database')
    .argument('<N>', 'the number of the stage')
    .option('--port <P>', 'the port to listen on; any free one by default', wholeNumber(0, 65_535))
    .option(
      '--engine <kind>',
      `how to get its databases: ${PROVIDERS.join(', ')}; the first that is available by default`,
      oneOf(PROVIDERS),
    )
    .option(
      '--heartbeat <MS>',
      'the heartbeat interval that the gateway sends to clients, in milliseconds',
      wholeNumber(100, 600_000),
    )
    .option('--gateways <N>', 'from stage 3 on: the number of gateways', wholeNumber(1, 16))
    .option('--guilds <N>', 'from stage 3 on: the number of guild hosts', wholeNumber(1, 16))
    .option(
      '--search <index>',
      `from stage 3 on: where the search index is: ${SEARCHES.join(', ')}`,
      oneOf(SEARCHES),
      'sqlite',
    )
    .option(
      '--migrating',
      'stage 2 only: start with messages on MongoDB, for "threshold migrate" to move',
    )
    .addHelpText(
      'after',
      `
Prints one line on stdout when it serves, "ready http://127.0.0.1:P"; its log goes to stderr. Ctrl-C
or SIGTERM closes the stage and its engines and exits with 0. POST /workshop/users creates users.
These variables are passed on to the stage:
  THRESHOLD_LOG_LEVEL            debug, info, warn, error, silent
  THRESHOLD_NOTIFICATIONS_URL    where mentions and direct messages are pushed to
  THRESHOLD_RATE_REQUESTS, THRESHOLD_RATE_SECONDS    the window of the rate limits
  THRESHOLD_PROVISIONING=off     no creation of users over HTTP
  THRESHOLD_PUBLIC_URL           its public address, such as https://chat.example behind a TLS proxy
  THRESHOLD_GATEWAY_URL          where clients reach the gateway, if not at the address of REST
  THRESHOLD_HOSTS                its other host names, with commas, such as one for Prometheus
  THRESHOLD_ORIGINS              pages of other origins that may open gateway sockets
  THRESHOLD_TRUSTED_PROXIES      addresses or CIDR blocks with trusted X-Forwarded-Proto and -Host
  THRESHOLD_TOKEN_SECRET         keeps tokens valid from one run to the next
  THRESHOLD_MONGODB_URI          a MongoDB of your own
  THRESHOLD_CASSANDRA_URI        a Cassandra of your own, from stage 2 on:
                                 cassandra://host:9042/?dc=datacenter1

Examples:
  npx threshold stage 1
  npx threshold stage 1 --port 3000 --engine docker
  npx threshold stage 2 --migrating
  npx threshold stage 3 --gateways 2 --guilds 3`,
    )
    .action(async (number: string, options: StageOptions) => {
      const { port, engine, heartbeat, migrating, search } = options
      const { interruptible } = await import('../interruption.ts')
      const { listenForDeploys } = await import('../deploy.ts')
      const { beforeMigration } = await import('../migrator.ts')
      const { requireStagePorts } = await import('../preflight.ts')
      const { forwardLog, runStage, stageEnvironment, untilInterrupted } = await import(
        '../running-stage.ts'
      )
      const { findStage } = await import('../unknown-name.ts')
      const stage = await findStage(number)
      if (search === 'opensearch' && !('search' in (stage.roles ?? {})))
        throw withoutRole(stage, '--search opensearch')
      await requireStagePorts(port)
      await interruptible(`stage ${number}`, terminal, async (interrupted, registration) => {
        const env = {
          ...stageEnvironment(heartbeat),
          ...(migrating ? beforeMigration(stage.stage) : {}),
        }
        const onOutput = forwardLog(terminal.log)
        const processes = processesOf(stage, options)
        await using running = await runStage(
          { stage, port, engine, processes, search, env, onOutput },
          terminal,
          interrupted,
        )
        await using _ =
          stage.roles && (await listenForDeploys(registration.dir, running.stage, terminal))
        const { url } = running.stage
        terminal.print(`ready ${url}`)
        terminal.log(
          `stage ${number}, ${stage.title}, on ${running.engineLabels}; ` +
            `chat page: ${url}/ ; Ctrl-C ends it`,
        )
        if (migrating)
          terminal.log(
            'messages start on MongoDB; in another terminal: ' +
              'npx threshold migrate mongo-cassandra plan',
          )
        await untilInterrupted(running, interrupted)
      })
    })
}

/** The processes that the options name. Throws BAD_OPTION for a stage that has no such role. */
function processesOf(
  stage: StageInfo,
  { gateways, guilds }: Pick<StageOptions, 'gateways' | 'guilds'>,
): Record<string, number> {
  const processes: Record<string, number> = {}
  for (const [option, role, count] of [
    ['--gateways', 'gateway', gateways],
    ['--guilds', 'guilds', guilds],
  ] as const) {
    if (count === undefined) continue
    if (!(role in (stage.roles ?? {}))) throw withoutRole(stage, option)
    processes[role] = count
  }
  return processes
}

const withoutRole = ({ stage }: StageInfo, option: string): CodedError =>
  new CodedError('BAD_OPTION', `stage ${stage} has no processes for ${option}`, {
    next: 'npx threshold stages list',
  })
